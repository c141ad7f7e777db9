/* Several locks at once: all candidates of a caller enter their queues in one transaction, so no
 * circle of waiting can form. Run by run.py. NC callers want two or three of three locks each. */

#ifndef NC
#define NC 4
#endif
#define LOCKS 3
#define BIT(s) (1 << (s))

byte in[LOCKS];          /* who is in each queue */
byte before[12];         /* NC * LOCKS: who was there before whom */
byte held[LOCKS];        /* by how many */
byte want[NC];

#define BEFORE(r) before[c * LOCKS + r]
#define WANTS(r) (want[c] & BIT(r))
#define IS_FREE(r) (!WANTS(r) || (BEFORE(r) & in[r]) == 0)

inline enter(r) {
  if :: WANTS(r) -> BEFORE(r) = in[r]; in[r] = in[r] | BIT(c) :: else fi
}

inline take(r) { if :: WANTS(r) -> held[r]++; assert(held[r] <= 1) :: else fi }
inline let_go(r) { if :: WANTS(r) -> held[r]--; in[r] = in[r] & ~BIT(c) :: else fi }

proctype caller(byte c) {
#ifdef ONE_BY_ONE        /* in the caller's order */
  if
  :: skip; atomic { enter(0) }; atomic { enter(1) }; atomic { enter(2) }
  :: skip; atomic { enter(2) }; atomic { enter(1) }; atomic { enter(0) }
  fi;
#else
  atomic { enter(0); enter(1); enter(2) };
#endif
  atomic {
    IS_FREE(0) && IS_FREE(1) && IS_FREE(2);
    take(0); take(1); take(2)
  };
  atomic { let_go(0); let_go(1); let_go(2) }
}

init {
  byte i;
  atomic {
    do
    :: i < NC ->
       if :: want[i] = 3 :: want[i] = 5 :: want[i] = 6 :: want[i] = 7 fi;
       run caller(i); i++
    :: else -> break
    od
  }
}
