/* A node that is kept between uses, as zktools/_queue/stay.py and occupancy.py have it: two threads of
 * one program take it in turns, its engine lets go of it, others queue behind. Run by run.py. What the
 * node is to others, a hold, is checked in lock.pml; so are the losses of a connection.
 *
 * Steps of users' threads and of the engine come in any order. An event is on its way for any time. */

#ifndef USES             /* that each thread makes at most */
#define USES 3
#endif
#ifndef RIVALS
#define RIVALS 2
#endif
#ifndef IDLES            /* times at which it was without use for long enough */
#define IDLES 0
#endif

#define USED 0
#define FREE 1
#define CLOSED 2

byte occupancy = USED;   /* by the use that the node was made for */
byte uses = 1;           /* going on */
byte late;               /* uses begun after it was known that somebody waits */
byte ahead;              /* rivals that hold, one at a time */
byte queued;             /* rivals that wait */
byte idles = IDLES;
bit node = 1;            /* on the server */
bit wanted;              /* known: somebody else is to have it next */
bit watched;             /* on the server: the folder's children */
bit changed;             /* on its way: they have changed */

inline close() {         /* unless it is used */
  atomic { if :: occupancy == FREE -> occupancy = CLOSED; node = 0 :: else fi }
}

proctype user(bit first) {
  byte made;
  if :: first -> goto use :: else fi;
take:
  if
  :: made == USES -> goto done
#ifdef ANYWAY            /* a use begins, and ends with the node kept, whoever waits */
#else
  :: made < USES && wanted -> goto elsewhere
#endif
  :: made < USES -> skip
  fi;
  atomic {
    if
#ifdef UNTAKEN           /* taking is a look and a step */
    :: occupancy == FREE -> skip
#else
    :: occupancy == FREE -> occupancy = USED; uses++; late = late + wanted
#endif
    :: else -> goto elsewhere
    fi
  };
#ifdef UNTAKEN
  atomic { occupancy = USED; uses++; late = late + wanted };
#endif
use:
  atomic { made++; assert(late <= 1); assert(uses == 1 && node && ahead == 0) };
#ifndef ANYWAY
  if
  :: wanted -> atomic { uses--; occupancy = CLOSED; node = 0 }; goto done
  :: else
  fi;
#endif
  atomic { uses--; occupancy = FREE };
#ifndef NO_LOOK          /* what became known before it was free, and after it was looked */
#ifndef ANYWAY
  if :: wanted -> close() :: else fi;
#endif
#endif
  goto take;
elsewhere:               /* it queues, as anybody, behind whoever is there: and gives way */
  close();
done:
  skip
}

active proctype engine() {
#ifdef UNLISTED          /* whoever came before the watch is not seen */
  watched = 1;
#else
  atomic { watched = 1; changed = (queued > 0) };
#endif
end:
  do
  :: changed -> changed = 0; wanted = 1; close()
  :: idles > 0 && occupancy == FREE -> idles--; close()
  od
}

proctype rival() {
  atomic { queued++; if :: watched -> watched = 0; changed = 1 :: else fi };
  atomic { node == 0 && ahead == 0; assert(uses == 0); ahead++; queued-- };
  ahead--
}

init {
  byte i;
  atomic {
    run user(true); run user(false);
    do :: i < RIVALS -> run rival(); i++ :: else -> break od
  }
}
