/* A semaphore's queue: whom a waiter watches, and when it is granted without a listing, as
 * zktools/_queue/order.py has it. Run by run.py. What locks have as well (lost connections, replies
 * and events out of order, deposed leaders) is checked in lock.pml.
 *
 * NC clients enter in the order of their numbers, each at any time, with weights chosen at the start.
 * A set of candidates is a bit mask. Entering and listing is one step, as the two are for the server;
 * arming watches comes later, and what has left by then fires at once. Events arrive at any time. */

#ifndef NC
#define NC 4
#endif
#ifndef PERMITS
#define PERMITS 2
#endif
#ifndef HEAVIEST         /* weight that a candidate may have */
#define HEAVIEST 2
#endif
#ifndef ABANDONS         /* waiters that give up */
#define ABANDONS 1
#endif
#if HEAVIEST > 1         /* who may be woken by one departure */
#define MOST NC
#else
#define MOST (PERMITS + 1)
#endif

#define BIT(s) (1 << (s))
#define AHEAD(c) (F & (BIT(c) - 1))

#ifdef GREEDY            /* one more than there is */
#define FITS(weight) (weight <= room + 1)
#else
#define FITS(weight) (weight <= room)
#endif
#ifdef SHORT             /* a tail that is as heavy as what may stay, and not heavier; nothing more */
#define IS_ENOUGH (total >= room)
#else
#define IS_ENOUGH (total > room)
#endif
#ifdef BLINDLY           /* the departure of all who are watched is the grant, whoever is not watched */
#define WATCHES_ALL true
#else
#define WATCHES_ALL (tail == ahead)
#endif

byte W[NC];              /* weights */
byte F;                  /* who is in the queue */
byte next;               /* who enters next */
byte holding;            /* weight of those who hold */
byte abandons = ABANDONS;
byte watched[NC];        /* by each: who is watched, and not known to have left */
byte fired[NC];          /* to each: events on their way */
bit armed[NC];

inline weigh(mask) {
  k = 0; total = 0;
  do
  :: k < NC -> if :: mask & BIT(k) -> total = total + W[k] :: else fi; k++
  :: else -> break
  od; k = 0
}

inline choose_tail() {
  tail = 0; total = 0; k = c;
  do
  :: k > 0 ->
     k--;
     if
     :: !(ahead & BIT(k))
#ifdef SHORT
     :: (ahead & BIT(k)) && IS_ENOUGH -> break
#else
     :: (ahead & BIT(k)) && IS_ENOUGH -> tail = tail | BIT(k); break      /* the look-ahead */
#endif
     :: (ahead & BIT(k)) && !IS_ENOUGH -> tail = tail | BIT(k); total = total + W[k]
     fi
  :: else -> break
  od; k = 0
}

inline depart() {
  F = F & ~BIT(c); k = 0; woken = 0;
  do
  :: k < NC ->
     if
     :: armed[k] && (watched[k] & BIT(c)) -> fired[k] = fired[k] | BIT(c); woken++
     :: else
     fi;
     k++
  :: else -> break
  od;
  k = 0;
  assert(woken <= MOST); woken = 0
}

proctype client(byte c) {
  byte k, total, room, ahead, tail, woken;
  bit all;

  atomic { next == c -> next++; F = F | BIT(c); ahead = AHEAD(c); room = PERMITS - W[c] };
decide:
  atomic {
    weigh(ahead);
    if
    :: FITS(total) -> goto granted
    :: else -> choose_tail(); all = WATCHES_ALL; watched[c] = tail; tail = 0; ahead = 0; total = 0
    fi
  };
  atomic { armed[c] = 1; fired[c] = watched[c] & ~F };
wait:
  atomic {
    if
    :: fired[c] ->
       watched[c] = watched[c] & ~fired[c]; fired[c] = 0;
       if
       :: all ->
          weigh(watched[c]);
          if :: FITS(total) -> goto granted :: else -> total = 0; goto wait fi
       :: else -> goto again
       fi
    :: abandons > 0 -> abandons--; goto leave
    fi
  };
again:
  atomic { watched[c] = 0; armed[c] = 0; fired[c] = 0; all = 0; ahead = AHEAD(c); goto decide };
granted:
  atomic {
    watched[c] = 0; armed[c] = 0; fired[c] = 0; total = 0;
    holding = holding + W[c]; assert(holding <= PERMITS)
  };
  holding = holding - W[c];
leave:
  atomic { watched[c] = 0; armed[c] = 0; fired[c] = 0; depart() }
}

init {
  byte i, w;
  atomic {
    do
    :: i < NC -> select(w : 1 .. HEAVIEST); W[i] = w; run client(i); i++
    :: else -> break
    od
  }
}
