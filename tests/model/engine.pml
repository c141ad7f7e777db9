/* The client's engine: what a claim does with replies and events. Part of lock.pml. */

inline check_mutex(c) {
  k = 0;
  do
  :: k < NC ->
     if
     :: k != c && BELIEVES(k) && (WRITER(k) || WRITER(c)) ->
        /* Two believers: only while the news of a forced deletion is on its way. */
        assert((destroyed & BIT(own[k])) || (destroyed & BIT(own[c])))
     :: else
     fi;
     k++
  :: else -> break
  od; k = 0
}

inline grant(c) {
  st[c] = HELD; blockers[c] = 0; listing[c] = 0; gone[c] = 0;
  printf("client %d: GRANTED with node %d\n", c, own[c]);
  if :: BELIEVES(c) -> check_mutex(c) :: else fi
}

inline start(c) {
  st[c] = CREATING; own[c] = NONE; mine[c] = 0; blockers[c] = 0; gone[c] = 0; asked[c] = 0;
  guarded[c] = 0; armed[c] = 0;
  listing[c] = 1;
  send(req[c], CREATE, 0); send(req[c], LIST_NEW, 0)
}

inline finish(c) {
  st[c] = IDLE; own[c] = NONE; mine[c] = 0; blockers[c] = 0; gone[c] = 0; asked[c] = 0;
  guarded[c] = 0;
  listing[c] = 0; armed[c] = 0; left[c]--
}

/* The own node has left, and it was not us. */
inline own_gone(c) {
  if
  :: st[c] == HELD -> finish(c)     /* lost */
  :: else -> start(c)               /* a new place */
  fi
}

inline list_again(c) {
  if
  :: listing[c]                     /* its answer will do, with `gone` taken off */
  :: else -> send(req[c], LIST_AGAIN, 0); listing[c] = 1; gone[c] = 0
  fi
}

inline arm(c, m) {
  m = m & ~armed[c];
  if :: m != 0 -> armed[c] = armed[c] | m; send(req[c], ARM, m) :: else fi;
  m = 0
}

/* What a listing says: grant, or whom to watch. */
inline decide(c, seen) {
  listing[c] = 0;
#ifndef BROKEN_GONE_NOT_FILTERED
  seen = seen & ~gone[c];
#endif
  gone[c] = 0;
  if
  :: !(seen & BIT(own[c])) -> own_gone(c)
  :: else ->
     blockers[c] = seen & BELOW(own[c]) & (WRITER(c) -> 255 : 255 - shared);
     if
     :: blockers[c] == 0 -> grant(c); b = BIT(own[c])
     :: else ->
        st[c] = WAITING;
#ifdef BROKEN_WATCH_FIRST
        b = BIT(own[c]) | BIT(LO(blockers[c]));
#else
        b = BIT(own[c]) | BIT(HI(blockers[c]));
        if
        :: blockers[c] & ~b -> b = b | BIT(HI(blockers[c] & ~b))
        :: else
        fi;
#endif
     fi;
     arm(c, b)
  fi;
  b = 0
}

inline on_listed(c, tag) {
  if
  :: tag == LISTED_NEW && st[c] == CREATING && own[c] != NONE -> decide(c, a)
  :: tag == LISTED_AGAIN && st[c] == WAITING -> decide(c, a)
  :: else                           /* of an attempt that is over */
  fi
}

inline on_recovered(c) {
  recovering[c] = 0;
  b = a & mine[c] & ~gone[c];
  assert((b & (b - 1)) == 0);       /* never more than one node of a claim */
  if
  :: st[c] == CLEANING || st[c] == LEAVING ->
     listing[c] = 0;
     if
     :: b == 0 -> finish(c)
     :: else -> own[c] = LO(b); st[c] = LEAVING; send(req[c], DELETE, own[c])
     fi; b = 0
  :: (st[c] == CREATING || st[c] == WAITING) && b == 0 -> start(c)
  :: (st[c] == CREATING || st[c] == WAITING) && b != 0 -> own[c] = LO(b); b = 0; decide(c, a)
  :: st[c] == HELD ->
     listing[c] = 0; gone[c] = 0;
     if
     :: b == 0 -> finish(c)
     :: else -> if :: BELIEVES(c) -> check_mutex(c) :: else fi; b = BIT(own[c]); arm(c, b)
     fi; b = 0
  :: else
  fi
}

#if DEPOSALS > 0
/* A quorum answered. In time only if the session has not ended since: that is later than the
 * client's own deadline, counted from when it asked. */
inline heard(c) { sure[c] = sure[c] | alive[c] }
#endif

inline on_reply(c) {
  rp[c]?op,a;
  printf("client %d: reply %d(%d)\n", c, op, a);
#if DEPOSALS > 0
  if
  :: op == CREATED || op == LISTED_RECOVER || op == PROVED -> heard(c)
#ifdef BROKEN_SYNC_PROVES
  :: op == PROVED_ALONE -> told[c] = 1; op = PROVED
#endif
  :: else
  fi;
#endif
  if
#if DEPOSALS > 0
  :: op == PROVED -> if :: BELIEVES(c) -> check_mutex(c) :: else fi
  :: op == MISSING ->
     if :: a == own[c] && (st[c] == WAITING || st[c] == HELD) -> own_gone(c) :: else fi
#endif
  :: op == CREATED ->
     if
#ifndef BROKEN_REPLY_BELIEVED
     :: (st[c] == CREATING || st[c] == CLEANING) && !(mine[c] & BIT(a)) ->
        /* The node has another's GUID: this tells nothing of ours. */
        recovering[c] = 1; listing[c] = 1; gone[c] = 0; send(req[c], LIST_RECOVER, 0)
     :: st[c] == CREATING && (mine[c] & BIT(a)) -> own[c] = a
     :: st[c] == CLEANING && (mine[c] & BIT(a)) ->
        own[c] = a; st[c] = LEAVING; send(req[c], DELETE, a)
#else
     :: st[c] == CREATING -> own[c] = a
     :: st[c] == CLEANING -> own[c] = a; st[c] = LEAVING; send(req[c], DELETE, a)
#endif
     :: else
     fi
  :: op == LISTED_RECOVER -> on_recovered(c)
  :: op == DELETED ->
     if
     :: st[c] == LEAVING && a == own[c] && !recovering[c] -> finish(c)
     :: else
     fi
#ifdef BROKEN_CONFIRMED_OUT_OF_ORDER
  :: op == ARMED -> on_armed(c, a)
#endif
  :: else -> on_listed(c, op)
  fi;
  op = 0; a = 0
}

/* The grant without a listing: right only if our node was there when the last blocker left. The
 * event may come from a watch that an earlier claim in this connection left behind; so it counts
 * only once the watch on the own node is known to be armed. */
inline grant_by_event(c, s) {
  if
#ifndef BROKEN_LEFTOVER_WATCH_GRANTS
  :: !guarded[c] -> blockers[c] = 0        /* on_armed will */
  :: guarded[c] ->
#else
  :: true ->
#endif
#if DESTROYS > 0
     assert(beside[s] & BIT(own[c]));
#endif
     grant(c)
  fi
}

inline on_armed(c, s) {
  if
  :: s == own[c] && up[c] && !recovering[c] ->
     guarded[c] = 1;
     if :: st[c] == WAITING && blockers[c] == 0 -> grant(c) :: else fi
  :: else
  fi
}

inline on_blocker_gone(c, s) {
  if
#if defined(BROKEN_GRANT_NOT_SOLE)
  :: s == HI(blockers[c]) -> grant_by_event(c, s)
  :: s != HI(blockers[c]) -> list_again(c)
#elif defined(RULE_SOLE)
  :: blockers[c] == BIT(s) -> grant_by_event(c, s)
  :: blockers[c] != BIT(s) -> list_again(c)
#else
  /* Nobody can step in ahead: what is left of the last listing is all that blocks. */
  :: blockers[c] == BIT(s) -> grant_by_event(c, s)
  :: blockers[c] != BIT(s) ->
     blockers[c] = blockers[c] & ~BIT(s);
     if :: blockers[c] & ~armed[c] -> list_again(c) :: else fi
#endif
  fi
}

inline on_event(c) {
  ev[c]?e;
  printf("client %d: event %d\n", c, e);
  if
  :: e >= ARMED -> on_armed(c, e - ARMED)
  :: e >= CHANGED && e < ARMED ->
     if
     :: e - CHANGED == own[c] ->
        asked[c] = 1;
#ifdef BROKEN_ASK_SPENDS_OWN_WATCH
        send(req[c], ARM_ANEW, own[c])
#endif
#ifdef BROKEN_DATA_WATCH_REARMED
     :: e - CHANGED != own[c] && st[c] == WAITING && !recovering[c] && up[c] &&
        (blockers[c] & BIT(e - CHANGED)) -> send(req[c], ARM, BIT(e - CHANGED))
#endif
     :: else
     fi
  :: e < CHANGED ->
     b = armed[c] & BIT(e);         /* else left over from an earlier place */
#ifndef BROKEN_FIRED_WATCH_COUNTS_AS_ARMED
     armed[c] = armed[c] & ~BIT(e);
#endif
     if :: listing[c] -> gone[c] = gone[c] | BIT(e) :: else fi;
     if
     :: !up[c] || recovering[c]     /* the listing of the recovery decides */
     :: up[c] && !recovering[c] && e == own[c] && (st[c] == WAITING || st[c] == HELD) ->
        own_gone(c)
     :: up[c] && !recovering[c] && e != own[c] && st[c] == WAITING &&
        (blockers[c] & b) -> on_blocker_gone(c, e)
     :: else
     fi;
     b = 0
  fi;
  e = 0
}

inline let_go(c) {
  printf("client %d: lets go\n", c);
  if
  :: up[c] && !recovering[c] && own[c] != NONE -> send(req[c], DELETE, own[c]); st[c] = LEAVING
#ifdef BROKEN_UNANSWERED_CREATE_FORGOTTEN
  :: up[c] && !recovering[c] && own[c] == NONE -> finish(c)
  :: !up[c] || recovering[c] -> st[c] = CLEANING
#else
  :: else -> st[c] = CLEANING
#endif
  fi;
  blockers[c] = 0
}
