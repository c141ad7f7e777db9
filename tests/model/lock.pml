/* The protocol of a zktools lock, for exhaustive checking with spin. What it says in words, and
 * what was found: docs/protocol.rst. Run with `make model`; run.py holds the configurations.
 *
 * One lock folder, NC clients with a session each and one claim at a time. A node is its sequence
 * number; a set of nodes is a bit mask. The order of sequence numbers is the order of bits.
 *
 * Server and network:
 *   F         nodes in the folder as committed by the leader
 *   req[c]    requests on their way, FIFO
 *   ev[c]     watch events received, FIFO      } kazoo hands these over on two threads: the
 *   rp[c]     replies received, FIFO           } engine may see them in any relative order
 * With LAG each client is served by a follower that may be behind: view[c] is what that follower
 * has applied, pipe[c] what it has not. Reads and watches see the follower, writes go to the leader
 * and come back. Without LAG every server is up to date, and delay is in the three channels alone.
 * With DEPOSALS the server of a client may be a leader that was deposed and does not know (cut[c]):
 * what needs a quorum waits there, reads are answered from what it had, and the others may end the
 * session meanwhile: when the client's own deadline since the newest word of a quorum has passed.
 *
 * Every step is atomic and finite, every fault has a budget, chosen at random at the start: so a
 * claim that is stuck is a state without successor (an invalid end state), for whatever number of
 * faults, and no assumption of fairness is needed as long as no run is endless (checked with NP).
 */

#ifndef NC
#define NC 3
#endif
#ifndef WRITERS          /* clients that want the write lock, a bit mask */
#define WRITERS 7
#endif
#ifndef ACQUIRES         /* times each client acquires */
#define ACQUIRES 1
#endif
#ifndef LOSSES           /* connections lost */
#define LOSSES 0
#endif
#ifndef EXPIRIES         /* sessions ended by the server */
#define EXPIRIES 0
#endif
#ifndef ABANDONS         /* acquires given up (time ran out, exception) */
#define ABANDONS 0
#endif
#ifndef ASKS             /* requests to let go */
#define ASKS 0
#endif
#ifndef DESTROYS         /* candidates deleted by somebody else (IMMEDIATE) */
#define DESTROYS 0
#endif
#ifndef DEPOSALS         /* leaders deposed that do not know; needs LAG */
#define DEPOSALS 0
#endif
#ifndef PROOFS           /* renewals of a proof of life, where there are DEPOSALS */
#define PROOFS 2
#endif

#define NODES 8
#define NONE 15
#define BIT(s) (1 << (s))
#define WRITER(c) ((WRITERS >> (c)) & 1)
#define HI(m) ((m)&128 -> 7 : ((m)&64 -> 6 : ((m)&32 -> 5 : ((m)&16 -> 4 : \
              ((m)&8 -> 3 : ((m)&4 -> 2 : ((m)&2 -> 1 : 0)))))))
#define LO(m) ((m)&1 -> 0 : ((m)&2 -> 1 : ((m)&4 -> 2 : ((m)&8 -> 3 : \
              ((m)&16 -> 4 : ((m)&32 -> 5 : ((m)&64 -> 6 : 7)))))))
#define BELOW(s) (BIT(s) - 1)

/* Requests and replies. */
#define CREATE 1
#define LIST_NEW 2       /* the listing sent together with the create */
#define LIST_AGAIN 3
#define LIST_RECOVER 4   /* sync and listing, after a reconnect */
#define ARM 5
#define DELETE 6
#define CREATED 7
#define LISTED_NEW 8
#define LISTED_AGAIN 9
#define LISTED_RECOVER 10
#define DELETED 11
#define ARM_ANEW 12      /* whatever changed so far */
#define PROVE 13         /* is the own node there? by a quorum */
#define PROVED 14
#define MISSING 15
#ifdef BROKEN_SYNC_PROVES
#define PROVED_ALONE 16  /* the same as PROVED to the client, but no quorum was asked */
#endif

/* Events: n is "n was deleted", CHANGED+n "the data of n changed". ARMED+n is the reply to the
 * packet that armed the watch on the own node n, handed over in order with the events. */
#define CHANGED 16
#define ARMED 32

/* States of a claim. */
#define IDLE 0
#define CREATING 1
#define WAITING 2
#define HELD 3
#define LEAVING 4        /* the delete of a known node is on its way */
#define CLEANING 5       /* gave up without knowing whether there is a node */

/* Server. */
byte F;
byte shared;             /* which nodes are readers' */
byte next_seq;
byte changed;            /* nodes whose data changed since their creation */
byte destroyed;          /* nodes deleted by somebody else */
byte watch[NC];          /* armed for deletion in this connection */
bit  own_data[NC];       /* the watch on the data of the own node is armed */
byte mine[NC];           /* nodes with the GUID of this claim */
bit  alive[NC];          /* the session exists */
bit  late[NC];           /* a create of a lost connection may still be executed */
chan req[NC] = [6] of { byte, byte };
chan ev[NC]  = [8] of { byte };
chan rp[NC]  = [6] of { byte, byte };
#ifdef LAG
byte view[NC];
chan pipe[NC] = [12] of { byte };  /* n: deleted; CHANGED+n: created */
#define VIEW(c) view[c]
#else
#define VIEW(c) F
#endif
#if DEPOSALS > 0
bit  cut[NC];            /* served by a leader that was deposed and does not know */
#endif
#if DESTROYS > 0
byte beside[NODES];      /* the folder at the moment a node was deleted */
#endif
#if defined(BROKEN_DATA_WATCH_IGNORED) || defined(BROKEN_DATA_WATCH_REARMED)
byte changed_at[NODES];  /* next_seq when the data changed */
#endif

/* Client. */
byte st[NC];
byte own[NC];
byte blockers[NC];       /* in the last listing */
byte armed[NC];          /* believed to be armed on the server */
byte gone[NC];           /* deletions heard of while a listing was on its way */
bit  listing[NC];        /* a listing is on its way */
bit  guarded[NC];        /* the watch on the own node is known to be armed */
bit  up[NC];
bit  recovering[NC];     /* reconnected, the node not yet seen again */
bit  asked[NC];
byte left[NC];
bit  entered[NC];       /* has had a node */

byte losses, expiries, abandons, asks, destroys;
#if DEPOSALS > 0
byte deposals, proofs;
bit  sure[NC];           /* the deadline since the newest word of a quorum has not passed */
bit  told[NC];           /* the same, of a word that was none */
#endif

#ifdef BROKEN_BELIEF_WHILE_SUSPENDED
#define BELIEVES(c) (st[c] == HELD)
#elif DEPOSALS > 0
#define BELIEVES(c) (st[c] == HELD && up[c] && !recovering[c] && (sure[c] || told[c]))
#else
#define BELIEVES(c) (st[c] == HELD && up[c] && !recovering[c])
#endif

#include "server.pml"
#include "engine.pml"

/* ------------------------------------------------------------------ faults, and other people */

inline lose_connection(c, keep_events) {
  printf("client %d: CONNECTION LOST\n", c);
  up[c] = 0; recovering[c] = 0;
  watch[c] = 0; own_data[c] = 0; listing[c] = 0; gone[c] = 0; guarded[c] = 0;
#if DEPOSALS > 0
  cut[c] = 0; sure[c] = 0; told[c] = 0;
#endif
#ifndef BROKEN_NO_REARM
  armed[c] = 0;
#endif
  do :: nempty(req[c]) -> req[c]?_,_ :: empty(req[c]) -> break od;
  do :: nempty(rp[c]) -> rp[c]?_,_ :: empty(rp[c]) -> break od;
  if
  :: !keep_events -> do :: nempty(ev[c]) -> ev[c]?_ :: empty(ev[c]) -> break od
  :: else
  fi
}

inline reconnect(c) {
  printf("client %d: reconnects\n", c);
  up[c] = 1;
  if
  :: alive[c] ->
     if
     :: st[c] == IDLE
#ifdef BROKEN_DELETE_NOT_REPEATED
     :: st[c] == LEAVING || st[c] == CLEANING -> finish(c)
#endif
#ifdef BROKEN_CREATE_RETRIED_BLINDLY
     :: st[c] == CREATING && own[c] == NONE ->
        listing[c] = 1; send(req[c], CREATE, 0); send(req[c], LIST_NEW, 0)
#endif
     :: else -> recovering[c] = 1; listing[c] = 1; gone[c] = 0; send(req[c], LIST_RECOVER, 0)
     fi
  :: else ->
     alive[c] = 1; armed[c] = 0;
     if
     :: st[c] == IDLE
     :: st[c] == CREATING || st[c] == WAITING -> start(c)
#ifdef BROKEN_BELIEF_OUTLIVES_SESSION
     :: st[c] == HELD -> check_mutex(c)
#else
     :: st[c] == HELD -> finish(c)
#endif
     :: st[c] == LEAVING || st[c] == CLEANING -> finish(c)
     fi
  fi
}

#if DEPOSALS > 0
/* To a deposed leader, which lets a session in that the others have ended. */
inline reconnect_behind(c) {
  printf("client %d: reconnects to a leader that was deposed\n", c);
  deposals--; cut[c] = 1; up[c] = 1;
  recovering[c] = 1; listing[c] = 1; gone[c] = 0; send(req[c], LIST_RECOVER, 0)
}

inline depose(c) {
  printf("server: the LEADER of client %d is DEPOSED\n", c);
  deposals--; cut[c] = 1
}
#endif

inline expire(c) {
  printf("server: SESSION of client %d ENDS\n", c);
  expiries--; alive[c] = 0; late[c] = 0;
#if DEPOSALS > 0
  sure[c] = 0;              /* the client's own deadline has passed */
#endif
  watch[c] = 0; own_data[c] = 0;
  a = F & mine[c];
  do
  :: a != 0 -> b = LO(a); a = a & ~BIT(b); commit_delete(b)
  :: else -> break
  od;
  b = 0
}

/* Somebody else writes into the candidate's node. */
inline ask(c) {
  a = HI(mine[c] & F); asks--;
  printf("somebody: ASKS client %d by its node %d\n", c, a);
  changed = changed | BIT(a);
#if defined(BROKEN_DATA_WATCH_IGNORED) || defined(BROKEN_DATA_WATCH_REARMED)
  changed_at[a] = next_seq;
  k = 0;
  do
  :: k < NC ->
     if
     :: k != c && (watch[k] & BIT(a)) -> watch[k] = watch[k] & ~BIT(a); event(k, CHANGED + a)
     :: else
     fi; k++
  :: else -> break
  od; k = 0;
#endif
#ifdef BROKEN_ASK_SPENDS_OWN_WATCH
  watch[c] = watch[c] & ~BIT(a);
#endif
  if :: own_data[c] -> own_data[c] = 0; event(c, CHANGED + a) :: else fi;
  a = 0
}

/* A holder leaves only after it has heard what was asked of it, and never by itself once its node
 * was destroyed: so a request that is missed ends in a stuck state. */
#define MAY_RELEASE(c) (st[c] == HELD && (!up[c] || recovering[c] || \
    ((!(changed & BIT(own[c])) || asked[c]) && !(destroyed & BIT(own[c])))))

/* The server may end a session only after the client's own, shorter deadline has passed. */
#ifdef BROKEN_DEADLINE_TOO_LATE
#define MAY_EXPIRE(c) 1
#elif DEPOSALS > 0
#define MAY_EXPIRE(c) (!up[c] || cut[c])  /* expire() ends what rests on a quorum's word */
#else
#define MAY_EXPIRE(c) (!up[c])
#endif

/* Clients of a kind are alike: it is enough to look at the runs in which they enter the folder for
 * the first time in the order of their numbers. */
#define BEFORE(j, c) (j >= c || WRITER(j) != WRITER(c) || entered[j] || \
    (st[j] == IDLE && left[j] == 0))
#if NC == 2
#define MAY_ENTER(c) (entered[c] || BEFORE(0, c))
#elif NC == 3
#define MAY_ENTER(c) (entered[c] || (BEFORE(0, c) && BEFORE(1, c)))
#else
#define MAY_ENTER(c) (entered[c] || (BEFORE(0, c) && BEFORE(1, c) && BEFORE(2, c)))
#endif

/* Whether the next request can be executed where the client is connected. */
#if DEPOSALS > 0
#if defined(BROKEN_SYNC_PROVES)
#define SYNCS(c) req[c]?[LIST_RECOVER,_]
#elif defined(BROKEN_SYNC_LOOKS)
#define SYNCS(c) req[c]?[PROVE,_]
#else
#define SYNCS(c) (req[c]?[LIST_RECOVER,_] || req[c]?[PROVE,_])
#endif
#define SERVES(c) (cut[c] -> !(req[c]?[CREATE,_] || req[c]?[DELETE,_] || SYNCS(c)) : alive[c])
#define LOST(c) (!alive[c] && !cut[c])
#else
#define SERVES(c) alive[c]
#define LOST(c) !alive[c]
#endif

#define LIVE(c) (st[c] != IDLE && (mine[c] & F))

proctype client(byte c) {
  byte op, a, b, e, k, woken;
end:
  do
  :: d_step { st[c] == IDLE && left[c] > 0 && up[c] && empty(req[c]) && empty(rp[c]) -> start(c) }
  :: d_step { nempty(req[c]) && SERVES(c) && up[c] &&
       (MAY_ENTER(c) || !req[c]?[CREATE,0]) -> execute(c) }
  :: d_step { nempty(rp[c]) -> on_reply(c) }
  :: d_step { nempty(ev[c]) -> on_event(c) }
  :: d_step { MAY_RELEASE(c) -> let_go(c) }
#if DEPOSALS > 0
  :: d_step { nempty(pipe[c]) && !cut[c] -> apply_one(c) }
  :: d_step { deposals > 0 && up[c] && alive[c] && !cut[c] && st[c] != IDLE -> depose(c) }
  :: d_step { deposals > 0 && !up[c] && st[c] != IDLE -> reconnect_behind(c) }
  :: d_step { cut[c] -> lose_connection(c, 0) }  /* it gets to know */
  :: d_step { cut[c] && nempty(ev[c]) -> lose_connection(c, 1) }
  :: d_step { cut[c] && alive[c] && req[c]??[CREATE,0] -> late[c] = 1; lose_connection(c, 0) }
  :: d_step { proofs > 0 && st[c] == HELD && up[c] && !recovering[c] ->
       proofs--; send(req[c], PROVE, own[c]) }
#elif defined(LAG)
  :: d_step { nempty(pipe[c]) -> apply_one(c) }
#endif
#if ABANDONS > 0
  :: d_step { (st[c] == CREATING || st[c] == WAITING) && abandons > 0 -> abandons--; let_go(c) }
#endif
#if LOSSES > 0 || DEPOSALS > 0
  :: d_step { up[c] && losses > 0 && (st[c] != IDLE) -> losses--; lose_connection(c, 0) }
  :: d_step { up[c] && losses > 0 && (st[c] != IDLE) && nempty(ev[c]) -> losses--; lose_connection(c, 1) }
  :: d_step { up[c] && alive[c] && losses > 0 && req[c]??[CREATE,0] ->
       losses--; late[c] = 1; lose_connection(c, 0) }
  :: d_step { up[c] && LOST(c) -> lose_connection(c, 0) }  /* only if the deadline is too late */
  :: d_step { !up[c] -> reconnect(c) }
  :: d_step { late[c] && alive[c] && MAY_ENTER(c) -> late[c] = 0; commit_create(c) }
  :: d_step { late[c] -> late[c] = 0 }
#ifdef RENUMBERED
  /* Clients 0 and 1 are two claims of one session, whose connections number from 1 again: the
   * commit of the create that one left in flight answers the other's, which is carried out, too. */
  :: d_step { c < 2 && late[c] && alive[c] && MAY_ENTER(c) && up[1 - c] && alive[1 - c] &&
       req[1 - c]?[CREATE,0] ->
       late[c] = 0; commit_create(c); b = next_seq - 1; e = 1 - c;
       req[e]?_,_; commit_create(e); send(rp[e], CREATED, b); b = 0; e = 0 }
#endif
#endif
#if EXPIRIES > 0
  :: d_step { expiries > 0 && alive[c] && st[c] != IDLE && MAY_EXPIRE(c) -> expire(c) }
#endif
#if ASKS > 0
  :: d_step { asks > 0 && LIVE(c) && !(changed & BIT(HI(mine[c] & F))) -> ask(c) }
#endif
#if DESTROYS > 0
  :: d_step { destroys > 0 && LIVE(c) ->
       destroys--; a = HI(mine[c] & F); destroyed = destroyed | BIT(a);
       printf("somebody: DESTROYS node %d of client %d\n", a, c);
       commit_delete(a); a = 0 }
#endif
#ifdef BROKEN_DOWNGRADE
  /* A writer turns into a reader under its old sequence number: delete and create at once. */
  :: d_step { st[c] == HELD && WRITER(c) && !(shared & BIT(own[c])) && up[c] ->
       commit_delete(own[c]); F = F | BIT(own[c]); shared = shared | BIT(own[c]) }
#endif
  od
}

#define DONE(c) (st[c] == IDLE && left[c] == 0 && empty(req[c]) && empty(rp[c]) && !late[c])

#if NC == 2
#define ALL_DONE (DONE(0) && DONE(1))
#elif NC == 3
#define ALL_DONE (DONE(0) && DONE(1) && DONE(2))
#else
#define ALL_DONE (DONE(0) && DONE(1) && DONE(2) && DONE(3))
#endif

init {
  byte c;
  atomic {
#define CHOOSE(v, n) do :: v < n -> v++ :: break od
    CHOOSE(losses, LOSSES); CHOOSE(expiries, EXPIRIES); CHOOSE(abandons, ABANDONS);
    CHOOSE(asks, ASKS); CHOOSE(destroys, DESTROYS);
#if DEPOSALS > 0
    CHOOSE(deposals, DEPOSALS); CHOOSE(proofs, PROOFS);
#endif
    do
    :: c < NC ->
       alive[c] = 1; up[c] = 1; left[c] = ACQUIRES; own[c] = NONE;
       run client(c); c++
    :: else -> break
    od
  };
  /* Everybody finishes, and nothing is left behind: otherwise this is where a run is stuck. */
  (ALL_DONE && F == 0)
}
