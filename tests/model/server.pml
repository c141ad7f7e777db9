/* The server and its followers: how requests are executed, and what fires. Part of lock.pml. */

inline send(line, kind, value) { assert(nfull(line)); line!kind,value }

inline event(n, what) { assert(nfull(ev[n])); ev[n]!what }

/* Node s has left the tree that client c reads from. */
inline seen_deleted(c, s) {
  if
  :: watch[c] & BIT(s) ->
     watch[c] = watch[c] & ~BIT(s);
     if :: mine[c] & BIT(s) -> own_data[c] = 0 :: else fi;
     event(c, s)
  :: else
  fi
}

#ifdef LIMIT_READERS_WOKEN
#define WOKEN_COUNTS(k) 1
#else
#define WOKEN_COUNTS(k) WRITER(k)
#endif

/* Writers whom the deletion of s wakes from their wait: at most two. */
inline count_woken(s) {
  k = 0; woken = 0;
  do
  :: k < NC ->
     if
     :: WOKEN_COUNTS(k) && st[k] == WAITING && (watch[k] & armed[k] & BIT(s)) && !(mine[k] & BIT(s)) &&
        (mine[k] & F) -> woken++
     :: else
     fi;
     k++
  :: else -> break
  od;
  assert(woken <= 2); woken = 0
}

inline commit_delete(s) {
  if
  :: F & BIT(s) ->
     count_woken(s);
     F = F & ~BIT(s);
#if DESTROYS > 0
     beside[s] = F;
#endif
     k = 0;
     do
     :: k < NC ->
#ifdef LAG
        assert(nfull(pipe[k])); pipe[k]!s;
#else
        seen_deleted(k, s);
#endif
        k++
     :: else -> break
     od; k = 0
  :: else
  fi
}

inline commit_create(c) {
  assert(next_seq < NODES);
  F = F | BIT(next_seq);
  mine[c] = mine[c] | BIT(next_seq); entered[c] = 1;
  if :: !WRITER(c) -> shared = shared | BIT(next_seq) :: else fi;
#ifdef LAG
  k = 0;
  do
  :: k < NC -> assert(nfull(pipe[k])); pipe[k]!(CHANGED + next_seq); k++
  :: else -> break
  od; k = 0;
#endif
  next_seq++
}

#ifdef LAG
inline apply_one(c) {
  pipe[c]?e;
  if
  :: e >= CHANGED -> view[c] = view[c] | BIT(e - CHANGED)
  :: else -> view[c] = view[c] & ~BIT(e); seen_deleted(c, e)
  fi; e = 0
}
inline catch_up(c) {
  do :: nempty(pipe[c]) -> apply_one(c) :: empty(pipe[c]) -> break od
}
#else
inline catch_up(c) { skip }
#endif

/* One set-watches packet: all nodes of the mask at once, missing ones fire at once. Deletion is
 * watched by child watches (candidates have no children, so nothing else fires them); the data of
 * the own node is watched relative to its creation. */
inline execute_arm(c, m) {
  k = 0;
  do
  :: k < NODES ->
#ifndef BROKEN_OWN_NOT_FIRST
     k = NODES - 1 - k;              /* own first: it is the highest */
#endif
     if
     :: !(m & BIT(k))
     :: (m & BIT(k)) && !(VIEW(c) & BIT(k)) ->
#ifndef BROKEN_MISSING_DOES_NOT_FIRE
        event(c, k)
#else
        skip
#endif
     :: (m & BIT(k)) && (VIEW(c) & BIT(k)) ->
#if defined(BROKEN_DATA_WATCH_IGNORED) || defined(BROKEN_DATA_WATCH_REARMED)
        /* Data watches relative to the creation of the own node: k changed since? */
        if
        :: (changed & BIT(k)) && !(mine[c] & BIT(k)) && changed_at[k] > HI(mine[c]) ->
           event(c, CHANGED + k)
        :: else -> watch[c] = watch[c] | BIT(k)
        fi;
#elif defined(BROKEN_ASK_SPENDS_OWN_WATCH)
        if
        :: (mine[c] & BIT(k)) && (changed & BIT(k)) -> skip
        :: else -> watch[c] = watch[c] | BIT(k)
        fi;
#elif defined(BROKEN_NO_OWN_WATCH)
        if :: !(mine[c] & BIT(k)) -> watch[c] = watch[c] | BIT(k) :: else fi;
#else
        watch[c] = watch[c] | BIT(k);
#endif
        if
        :: mine[c] & BIT(k) ->
           if
#ifndef BROKEN_ASK_BEFORE_WATCH_MISSED
           :: changed & BIT(k) -> event(c, CHANGED + k)
#else
           :: changed & BIT(k) -> own_data[c] = 1
#endif
           :: else -> own_data[c] = 1
           fi
        :: else
        fi
     fi;
#ifndef BROKEN_OWN_NOT_FIRST
     k = NODES - 1 - k;
#endif
     k++
  :: else -> break
  od; k = 0;
  if
  :: m & mine[c] ->
#ifdef BROKEN_CONFIRMED_OUT_OF_ORDER
     send(rp[c], ARMED, HI(m & mine[c]))
#else
     event(c, ARMED + HI(m & mine[c]))
#endif
  :: else
  fi
}

inline execute(c) {
  req[c]?op,a;
  printf("server: executes %d(%d) of client %d; folder is %d\n", op, a, c, F);
  if
  :: op == CREATE ->
     commit_create(c); catch_up(c); send(rp[c], CREATED, next_seq - 1)
  :: op == LIST_NEW -> send(rp[c], LISTED_NEW, VIEW(c))
  :: op == LIST_AGAIN -> send(rp[c], LISTED_AGAIN, VIEW(c))
  :: op == LIST_RECOVER ->
#if DEPOSALS > 0
     if :: !cut[c] -> late[c] = 0; catch_up(c) :: else fi;
#elif !defined(BROKEN_NO_SYNC)
     late[c] = 0; catch_up(c);
#endif
     send(rp[c], LISTED_RECOVER, VIEW(c))
#if DEPOSALS > 0
  :: op == PROVE ->
     if
#ifdef BROKEN_SYNC_PROVES
     :: cut[c] -> send(rp[c], PROVED_ALONE, a)
#endif
     :: !cut[c] ->
        catch_up(c);
        if
        :: F & BIT(a) -> send(rp[c], PROVED, a)
        :: else -> send(rp[c], MISSING, a)
        fi
     fi
#endif
  :: op == ARM -> execute_arm(c, a)
#ifdef BROKEN_ASK_SPENDS_OWN_WATCH
  :: op == ARM_ANEW ->
     if
     :: VIEW(c) & BIT(a) -> watch[c] = watch[c] | BIT(a)
     :: else -> event(c, a)
     fi
#endif
  :: op == DELETE -> commit_delete(a); catch_up(c); send(rp[c], DELETED, a)
  fi;
  op = 0; a = 0
}
