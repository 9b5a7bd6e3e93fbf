/*
 * The hand-over of shards in an SLS consumer group, checked exhaustively: `npm run model`.
 *
 * CONSUMERS (two or three) share SHARDS (one or two). The server is src/protocols/sls/consumer-groups/rebalance/consumer-group.ts. Its
 * rebalancer is any: when the membership changed, each shard may be meant for any live consumer. A consumer does what the
 * vendor's libraries do: it lists every shard that an answer contained until it has shut the shard down, adopts the answer to
 * its newest heartbeat only, and joins with an empty list.
 *
 * Each heartbeat may arrive at once, late, never, or twice: at once and again. What is late or a copy arrives at any later
 * time: after newer ones, after its consumer crashed, after it came back. Of each consumer one such heartbeat is on its way
 * at a time, of all consumers LATE. Answers are lost and delayed. Consumers crash and rejoin; leases expire at any time.
 *
 * Of dates the model knows what the server compares. Either time passes between the heartbeats of a consumer: one that
 * arrives after a newer one was processed is older than that, and a copy of the newest is as old as it. Or all heartbeats
 * have the same date, or none: then none overtakes another, which no server could notice, but copies of the newest arrive.
 *
 * Checked at every step: no shard is consumed by two consumers under the leases by which they got it. Checked at the end:
 * when every heartbeat arrives at once and is answered, ROUNDS heartbeats of each consumer settle the group.
 *
 * Each of these breaks the rule, and the check must fail:
 *   -DLATE_RELEASES   a heartbeat that is older than one processed before releases what it does not list
 *   -DFIRST_RELEASES  so does the first heartbeat after the one whose answer assigned the shard
 *   -DEARLY_GRANT     the next owner is answered with a shard before its owner released it
 *   -DEQUAL_IS_LATE   a heartbeat with the date of one processed before counts as late
 *   -DNO_EXPIRY       a shard stays with an owner whose lease expired
 */
#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#ifndef LATE
#define LATE CONSUMERS
#endif
#ifndef SHARDS
#define SHARDS 2
#endif
#ifndef ROUNDS
#define ROUNDS (CONSUMERS + 2)
#endif
#define NONE CONSUMERS
#define BIT(shard) (1 << (shard))
#define HAS(set, shard) (((set) >> (shard)) & 1)

/* All heartbeats have the same date, or none. */
bool sameDate;
bool isOver;

/* The group's document. Sets of shards are bit masks. */
byte owner[SHARDS] = NONE;
byte next[SHARDS] = NONE;
bool told[SHARDS];   /* an answer to the owner contained the shard: `since` is not null */
bool listed[SHARDS]; /* a heartbeat of the owner was processed after that one */
bool isOutdated = true;
bool live[CONSUMERS];

typedef Client {
  bool isRunning;
  byte granted; /* the last answer it adopted */
  byte holds;   /* shards it consumes or is shutting down, assigned under its present lease */
  byte stale;   /* the same, assigned under a lease that ended */
  bool hasAnswer;
  byte answer;  /* to its newest heartbeat, not adopted yet */
};
Client client[CONSUMERS];

/* A heartbeat on its way: late, or a copy. */
typedef Message {
  bool isSent;
  byte list;
  bool isAwaited;   /* its consumer waits for the answer */
  bool isOvertaken; /* its consumer has sent a newer one since */
  byte late;        /* shards for which its date is older than `since` */
};
Message message[CONSUMERS];
byte onTheWay;

/* Used within one step only, and cleared at its end. */
byte c, s, t, round, list, late, answer;
bool isAccepted, isNewest;
byte target[2]; /* for whom the rebalancer means each shard */

inline assignTo(shard, consumer) {
  owner[shard] = consumer;
  next[shard] = NONE;
  told[shard] = false;
  listed[shard] = false;
  message[0].late = message[0].late & ~BIT(shard);
  message[1].late = message[1].late & ~BIT(shard);
#if CONSUMERS > 2
  message[2].late = message[2].late & ~BIT(shard);
#endif
}

/* What a heartbeat in order shows: `since` becomes its date. */
inline note(shard, isListed) {
  told[shard] = true;
  listed[shard] = isListed;
  if
  :: isNewest && message[c].isOvertaken -> message[c].late = message[c].late | BIT(shard)
  :: else
  fi
}

inline withoutTheDead() {
  s = 0;
  do
  :: s < SHARDS ->
    if
    :: next[s] != NONE && !live[next[s]] -> next[s] = NONE
    :: else
    fi;
#ifndef NO_EXPIRY
    if
    :: owner[s] != NONE && !live[owner[s]] -> assignTo(s, next[s])
    :: else
    fi;
#endif
    s++
  :: else -> break
  od
}

#ifdef LATE_RELEASES
#define IS_LATE(shard) false
#elif defined(EQUAL_IS_LATE)
#define IS_LATE(shard) (HAS(late, shard) || ((sameDate || !isNewest) && told[shard] && !HAS(list, shard)))
#else
#define IS_LATE(shard) HAS(late, shard)
#endif
#ifdef FIRST_RELEASES
#define IS_FIRST(shard) false
#else
#define IS_FIRST(shard) !listed[shard]
#endif

inline releaseUnlisted() {
  s = 0;
  do
  :: s < SHARDS ->
    if
    :: owner[s] != c || next[s] == NONE || IS_LATE(s)
    :: else ->
      if
      :: HAS(list, s) || IS_FIRST(s) -> note(s, true)
      :: else -> assignTo(s, next[s])
      fi
    fi;
    s++
  :: else -> break
  od
}

inline rebalance() {
  s = 0;
  do
  :: s < SHARDS ->
    t = (live[target[s]] -> target[s] : c);
    if
    :: owner[s] == t -> next[s] = NONE
    :: else ->
      if
      :: owner[s] == NONE || !told[s] -> assignTo(s, t)
      :: else -> next[s] = t
      fi
    fi;
    s++
  :: else -> break
  od;
  isOutdated = false
}

inline makeAnswer() {
  s = 0;
  answer = 0;
  do
  :: s < SHARDS ->
    if
    :: owner[s] == c && next[s] == NONE ->
      answer = answer | BIT(s);
      if
      :: HAS(late, s) || (HAS(list, s) && told[s] && listed[s])
      :: else -> note(s, HAS(list, s))
      fi
#ifdef EARLY_GRANT
    :: next[s] == c -> answer = answer | BIT(s)
#endif
    :: else
    fi;
    s++
  :: else -> break
  od
}

/* The server processes a heartbeat of consumer `c`, in one step as by compare-and-swap. */
inline serve() {
  isAccepted = live[c] || list == 0;
  if
  :: isAccepted ->
    isOutdated = isOutdated || !live[c];
    live[c] = true;
    if
    :: isOutdated -> withoutTheDead(); releaseUnlisted(); rebalance()
    :: else -> releaseUnlisted()
    fi;
    makeAnswer()
  :: else
  fi
}

inline dropAnswer() {
  client[c].hasAnswer = false;
  client[c].answer = 0
}

inline dropMessage() {
  onTheWay = onTheWay - message[c].isSent;
  message[c].isSent = false;
  message[c].list = 0;
  message[c].isAwaited = false;
  message[c].isOvertaken = false;
  message[c].late = 0
}

/* Consumer `c` sends a heartbeat: it waits for no earlier answer any more. */
inline send() {
  dropAnswer();
  list = client[c].holds | client[c].stale;
  late = 0;
  isNewest = true;
  if
  :: message[c].isSent && !sameDate -> message[c].isOvertaken = true; message[c].isAwaited = false
  :: else -> dropMessage()
  fi
}

inline leaveBehind(isAwaitedNow) {
  message[c].isSent = true;
  message[c].list = list;
  message[c].isAwaited = isAwaitedNow;
  onTheWay++
}

inline sendAndLose() {
  send()
}

inline sendLate() {
  send();
  leaveBehind(true)
}

inline sendOnce() {
  send();
  serve();
  client[c].hasAnswer = isAccepted;
  client[c].answer = (isAccepted -> answer : 0)
}

inline sendTwice() {
  sendOnce();
  leaveBehind(false)
}

/* What was late or a copy arrives. */
inline arrive() {
  list = message[c].list;
  late = message[c].late;
  isNewest = false;
  serve();
  if
  :: isAccepted && message[c].isAwaited -> client[c].hasAnswer = true; client[c].answer = answer
  :: else
  fi;
  dropMessage()
}

inline adopt() {
  client[c].granted = client[c].answer;
  client[c].holds = client[c].holds | client[c].answer;
  client[c].stale = client[c].stale & ~client[c].answer;
  dropAnswer()
}

inline shutDown(shards) {
  client[c].holds = client[c].holds & ~(shards);
  client[c].stale = client[c].stale & ~(shards)
}

inline expire() {
  live[c] = false;
  isOutdated = true;
  client[c].stale = client[c].stale | client[c].holds;
  client[c].holds = 0;
  dropAnswer()
}

inline crash() {
  client[c].isRunning = false;
  client[c].granted = 0;
  client[c].holds = 0;
  client[c].stale = 0;
  message[c].isAwaited = false;
  dropAnswer()
}

inline checkOwners() {
  assert((client[0].holds & client[1].holds) == 0)
#if CONSUMERS > 2
  ;
  assert((client[0].holds & client[2].holds) == 0);
  assert((client[1].holds & client[2].holds) == 0)
#endif
}

/* From now on every heartbeat arrives at once, and who crashed stays away. */
inline becomeQuiet() {
  if
  :: client[0].isRunning
  :: else ->
    if
    :: client[1].isRunning
    :: else -> client[CONSUMERS - 1].isRunning = true
    fi
  fi;
  c = 0;
  do
  :: c < CONSUMERS ->
    dropMessage();
    dropAnswer();
    if
    :: !client[c].isRunning && live[c] -> expire()
    :: else
    fi;
    c++
  :: else -> break
  od
}

inline beatInOrder() {
  sendOnce();
  if
  :: isAccepted -> adopt()
  :: else -> client[c].granted = 0
  fi;
  checkOwners();
  shutDown(~client[c].granted)
}

inline settle() {
  round = 0;
  do
  :: round < ROUNDS ->
    c = 0;
    do
    :: c < CONSUMERS ->
      if
      :: client[c].isRunning -> beatInOrder()
      :: else
      fi;
      c++
    :: else -> break
    od;
    round++
  :: else -> break
  od
}

inline checkSettled() {
  s = 0;
  do
  :: s < SHARDS ->
    assert(owner[s] != NONE && next[s] == NONE);
    assert(client[owner[s]].isRunning && HAS(client[owner[s]].holds, s));
    s++
  :: else -> break
  od
}

inline clear() {
  c = 0; s = 0; t = 0; round = 0; list = 0; late = 0; answer = 0;
  isAccepted = false; isNewest = false;
  target[0] = 0; target[1] = 0
}

/* One step of consumer `i`. */
#define STEP(i, isEnabled, what) \
  :: d_step { isEnabled -> c = i; what; checkOwners(); clear() }

#define STEPS(i) \
  STEP(i, client[i].hasAnswer, adopt()) \
  STEP(i, client[i].isRunning, sendAndLose()) \
  STEP(i, client[i].isRunning && MAY_LEAVE(i), sendLate()) \
  STEP(i, HAS(IDLE(i), 0), shutDown(BIT(0))) \
  STEP(i, HAS(IDLE(i), 1), shutDown(BIT(1))) \
  STEP(i, client[i].granted != 0 && !live[i], client[i].granted = 0) /* had no answer for too long */ \
  STEP(i, client[i].isRunning, crash()) \
  STEP(i, !client[i].isRunning, client[i].isRunning = true) \
  STEP(i, live[i], expire())
#define IDLE(i) ((client[i].holds | client[i].stale) & ~client[i].granted)
#define MAY_LEAVE(i) (onTheWay < LATE && !message[i].isSent)

/* A heartbeat of consumer `i` arrives. If the membership changed, the shards are meant for `first` and `second`. */
#define ARRIVALS(i, first, second) \
  STEP(i, client[i].isRunning && MAY_MEAN(i, first, second), MEAN(first, second); sendOnce()) \
  STEP(i, client[i].isRunning && MAY_LEAVE(i) && MAY_MEAN(i, first, second), MEAN(first, second); sendTwice()) \
  STEP(i, message[i].isSent && MAY_MEAN(i, first, second), MEAN(first, second); arrive())
#define MAY_MEAN(i, first, second) \
  ((isOutdated || !live[i]) -> (live[first] || first == i) && (live[second] || second == i) : first == 0 && second == 0)
#define MEAN(first, second) target[0] = first; target[1] = second

#define SETTLEMENT(first, second) \
  :: d_step { MEAN(first, second); becomeQuiet(); settle(); checkSettled(); clear(); isOver = true }

#if CONSUMERS > 2 && SHARDS == 1
#define TARGETS(step) step(0, 0) step(1, 1) step(2, 2)
#elif CONSUMERS > 2
#define TARGETS(step) \
  step(0, 0) step(0, 1) step(0, 2) step(1, 0) step(1, 1) step(1, 2) step(2, 0) step(2, 1) step(2, 2)
#else
#define TARGETS(step) step(0, 0) step(0, 1) step(1, 0) step(1, 1)
#endif
#define ARRIVALS_OF_0(first, second) ARRIVALS(0, first, second)
#define ARRIVALS_OF_1(first, second) ARRIVALS(1, first, second)
#define ARRIVALS_OF_2(first, second) ARRIVALS(2, first, second)

init {
  if
  :: sameDate = true
  :: sameDate = false
  fi;
  do
  :: isOver -> break
  :: else ->
    if
    STEPS(0)
    STEPS(1)
    TARGETS(ARRIVALS_OF_0)
    TARGETS(ARRIVALS_OF_1)
#if CONSUMERS > 2
    STEPS(2)
    TARGETS(ARRIVALS_OF_2)
#endif
    TARGETS(SETTLEMENT)
    fi
  od
}
