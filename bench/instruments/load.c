/* The load generator: one thread, keep-alive connections to one port of this machine, one prepared request again and again.
   load --port P --connections C --file REQUEST --seconds S [--warm S] [--rate R] [--requests N] [--watch name:pid,pid]…

   Without --rate each connection asks again as soon as it is answered (closed loop). With it requests are due at fixed times
   and latency counts from when one was due, not from when a connection was free: a stall delays all that were due in it.
   Prints one line of JSON: counts, histograms of nanoseconds as [from, count] pairs (buckets 0.8 % wide), the exact CPU
   seconds of the watched processes, and what the machine's cores were busy with meanwhile. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD, LENGTH, SIZE, PIECE, PIECE_END, TRAILER, UNTIL_CLOSE };

typedef struct Connection {
  int fd, busy, state, closes, ok, partial, newline;
  long long due, first;
  size_t sent, headLength, left;
  char head[16384];
  struct Connection *nextFree;
} Connection;

#define SPLIT 128
#define BUCKETS (64 * SPLIT)
typedef struct { unsigned long count[BUCKETS]; } Histogram;

#define GROUPS 8
#define PIDS 64
typedef struct { char name[32]; int pids; clockid_t clocks[PIDS]; double before, during; } Group;

static int poller, port, connections = 64;
static double warm = 0, seconds = 0, rate = 0;
static long limit = 0;
static char *request;
static size_t requestLength;
static Connection *all, *freeOnes;
static Histogram latency, firstEvent;
static Group groups[GROUPS];
static int groupCount = 0;

static long long begin, measureFrom, measureTo;
static long answered = 0, failures = 0, refusals = 0, unsent = 0, unanswered = 0, finished = 0;
static long long events = 0, bytes = 0;
static char refusal[512] = "";

#define WAITING 65536
static long long waiting[WAITING];
static long waitingFrom = 0, waitingTo = 0;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void record(Histogram *h, long long value) {
  int shift = 0;
  unsigned long long v = value < 0 ? 0 : value;
  while (v >= 2 * SPLIT) v >>= 1, shift++;
  int bucket = shift * SPLIT + (int)v;
  h->count[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

static void print(const char *name, Histogram *h) {
  printf(",\"%s\":[", name);
  for (int i = 0, some = 0; i < BUCKETS; i++) {
    if (!h->count[i]) continue;
    int shift = i < 2 * SPLIT ? 0 : i / SPLIT - 1;
    printf("%s[%lld,%lu]", some++ ? "," : "", (long long)(i - shift * SPLIT) << shift, h->count[i]);
  }
  printf("]");
}

/* What the processes and the machine did. */

static double secondsOf(clockid_t clock) {
  struct timespec t;
  return clock_gettime(clock, &t) ? 0 : t.tv_sec + t.tv_nsec / 1e9;
}

static double cpuOf(Group *g) {
  double sum = 0;
  for (int i = 0; i < g->pids; i++) sum += secondsOf(g->clocks[i]);
  return sum;
}

typedef struct { double busy, stolen, own; } Machine;

static Machine lookAround(void) {
  unsigned long long user, nice, system, idle, io, irq, soft, steal;
  FILE *f = fopen("/proc/stat", "r");
  if (!f || fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &io, &irq, &soft, &steal) != 8)
    exit((perror("load: /proc/stat"), 1));
  fclose(f);
  double tick = sysconf(_SC_CLK_TCK);
  return (Machine){(user + nice + system + irq + soft) / tick, steal / tick, secondsOf(CLOCK_PROCESS_CPUTIME_ID)};
}

static void addGroup(const char *words) {
  if (groupCount == GROUPS) exit((fprintf(stderr, "load: too many groups\n"), 2));
  Group *g = &groups[groupCount++];
  const char *colon = strchr(words, ':');
  if (!colon || colon - words > 31) exit((fprintf(stderr, "load: --watch name:pid,pid\n"), 2));
  memcpy(g->name, words, colon - words);
  for (const char *at = colon + 1; *at && g->pids < PIDS;) {
    char *end;
    long pid = strtol(at, &end, 10);
    if (end == at) break;
    if (clock_getcpuclockid(pid, &g->clocks[g->pids]) == 0) g->pids++;
    at = *end ? end + 1 : end;
  }
}

/* Connections. */

static void watch(Connection *c, int operation, unsigned interest) {
  struct epoll_event e = {.events = interest, .data.ptr = c};
  epoll_ctl(poller, operation, c->fd, &e);
}

static void openUp(Connection *c) {
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(c->fd, (void *)&there, sizeof there)) exit((perror("load: connect"), 1));
  c->busy = 0;
  c->partial = 0;
  watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

static void reopen(Connection *c) {
  close(c->fd);
  openUp(c);
}

/** Sends what the socket takes; returns -1 when the connection is gone. */
static int push(Connection *c) {
  while (c->sent < requestLength) {
    ssize_t wrote = send(c->fd, request + c->sent, requestLength - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (wrote < 0 && errno != EAGAIN) return -1;
    if (wrote < 0) {
      if (!c->partial) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
      c->partial = 1;
      return 0;
    }
    c->sent += wrote;
  }
  if (c->partial) watch(c, EPOLL_CTL_MOD, EPOLLIN);
  c->partial = 0;
  return 0;
}

static void ask(Connection *c, long long due) {
  c->busy = 1;
  c->due = due;
  c->first = 0;
  c->sent = c->headLength = c->left = 0;
  c->state = HEAD;
  c->closes = c->newline = 0;
  if (push(c) < 0) { /* an idle connection that the other side closed: once more on a new one */
    reopen(c);
    c->busy = 1;
    c->sent = 0;
    if (push(c) < 0) failures++;
  }
}

static int isMeasured(Connection *c, long long time) {
  long long at = rate > 0 ? c->due : time;
  return at >= measureFrom && at < measureTo;
}

/** A connection has its answer, or lost it: note it and give it its next request. */
static void release(Connection *c, int isAnswered) {
  long long time = now();
  finished++;
  c->busy = 0;
  if (isMeasured(c, time)) {
    if (!isAnswered) failures++;
    else {
      answered++;
      record(&latency, time - c->due);
      if (c->first) record(&firstEvent, c->first - c->due);
    }
  }
  if (!isAnswered || c->closes) reopen(c);
  if (time >= measureTo && rate == 0) return;
  if (rate == 0) ask(c, now());
  else if (waitingFrom != waitingTo) ask(c, waiting[waitingFrom++ % WAITING]);
  else {
    c->nextFree = freeOnes;
    freeOnes = c;
  }
}

/* Reading answers. */

/** Counts the events in a piece of a body: an event ends with an empty line. */
static void countEvents(Connection *c, const char *at, size_t length, int isCounted) {
  if (isCounted) bytes += length;
  for (const char *end = at + length; at < end;) {
    const char *line = memchr(at, '\n', end - at);
    if (line && line == at + (at < end && *at == '\r') && c->newline) {
      if (isCounted) events++;
      if (!c->first) c->first = now();
      c->newline = 0;
    } else c->newline = line != NULL;
    if (!line) return;
    at = line + 1;
  }
}

static int readHead(Connection *c, const char *at, size_t length, size_t *used) {
  size_t room = sizeof c->head - 1 - c->headLength, take = length < room ? length : room, old = c->headLength;
  memcpy(c->head + old, at, take);
  c->headLength += take;
  c->head[c->headLength] = 0;
  char *end = memmem(c->head, c->headLength, "\r\n\r\n", 4);
  *used = take;
  if (!end) return take == 0 ? -1 : 0;
  *used = end - c->head + 4 - old;
  end[2] = 0;
  c->ok = strncmp(c->head + 8, " 200", 4) == 0;
  if (!c->ok && refusals++ == 0) snprintf(refusal, sizeof refusal, "%.500s", c->head);
  c->closes = strcasestr(c->head, "\r\nconnection: close") != NULL;
  char *size = strcasestr(c->head, "\r\ncontent-length:");
  if (size) c->left = strtoul(size + 17, NULL, 10), c->state = LENGTH;
  else c->state = strcasestr(c->head, "\r\ntransfer-encoding: chunked") ? SIZE : UNTIL_CLOSE;
  c->headLength = 0;
  return 0;
}

/** Takes one piece of an answer; returns 1 when the answer is whole, -1 when it makes no sense. */
static int digest(Connection *c, const char *at, size_t length) {
  int isCounted = isMeasured(c, now());
  while (length > 0) {
    size_t used = 1;
    switch (c->state) {
      case HEAD:
        if (readHead(c, at, length, &used) < 0) return -1;
        if (c->state == LENGTH && c->left == 0) return 1;
        break;
      case UNTIL_CLOSE:
        countEvents(c, at, used = length, isCounted);
        break;
      case LENGTH:
      case PIECE:
        used = length < c->left ? length : c->left;
        countEvents(c, at, used, isCounted);
        c->left -= used;
        if (c->left == 0 && c->state == LENGTH) return used == length ? 1 : -1;
        if (c->left == 0) c->state = PIECE_END;
        break;
      case PIECE_END:
        if (*at == '\n') c->state = SIZE;
        break;
      case SIZE: {
        used = 0;
        while (used < length && at[used] != '\n') used++;
        size_t take = used < 31 - c->headLength ? used : 31 - c->headLength;
        memcpy(c->head + c->headLength, at, take);
        c->headLength += take;
        if (used == length) break;
        used++;
        c->head[c->headLength] = 0;
        c->headLength = 0;
        c->left = strtoul(c->head, NULL, 16);
        c->state = c->left > 0 ? PIECE : TRAILER;
        break;
      }
      case TRAILER:
        if (*at == '\n') return length == 1 ? 1 : -1;
        while (*at != '\r' && used < length && at[used - 1] != '\n') used++;
        break;
    }
    at += used;
    length -= used;
  }
  return 0;
}

static void attend(Connection *c, unsigned what) {
  static char in[262144];
  if ((what & EPOLLOUT) && c->busy && push(c) < 0) return release(c, 0);
  if (!(what & ~EPOLLOUT)) return;
  ssize_t got = recv(c->fd, in, sizeof in, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    if (!c->busy) return reopen(c);
    c->closes = 1;
    return release(c, c->state == UNTIL_CLOSE && c->ok);
  }
  if (!c->busy) return reopen(c);
  int state = digest(c, in, got);
  if (state != 0) release(c, state > 0 && c->ok);
}

/* The run. */

static void sendDue(long long time, long long *next, long long gap) {
  for (; *next <= time && *next < measureTo; *next += gap) {
    Connection *c = freeOnes;
    if (c) {
      freeOnes = c->nextFree;
      ask(c, *next);
    } else if (waitingTo - waitingFrom < WAITING) waiting[waitingTo++ % WAITING] = *next;
    else unsent++;
  }
}

static int anyBusy(void) {
  for (int i = 0; i < connections; i++)
    if (all[i].busy) return 1;
  return 0;
}

static void startMeasuring(Machine *before) {
  for (int i = 0; i < groupCount; i++) groups[i].before = cpuOf(&groups[i]);
  *before = lookAround();
}

static void stopMeasuring(Machine *after) {
  for (int i = 0; i < groupCount; i++) groups[i].during = cpuOf(&groups[i]) - groups[i].before;
  *after = lookAround();
}

static void run(Machine *before, Machine *after) {
  long long gap = rate > 0 ? 1e9 / rate : 0, next, patience = 5000000000LL;
  int isStarted = 0, isStopped = 0;
  struct epoll_event ready[512];
  begin = next = now();
  measureFrom = begin + warm * 1e9;
  measureTo = limit > 0 ? __LONG_LONG_MAX__ : measureFrom + (long long)(seconds * 1e9);
  for (int i = 0; i < connections; i++) {
    if (rate == 0) ask(&all[i], now());
    else all[i].nextFree = freeOnes, freeOnes = &all[i];
  }
  for (;;) {
    long long time = now();
    if (!isStarted && time >= measureFrom) isStarted = 1, measureFrom = time, startMeasuring(before);
    if (!isStopped && (time >= measureTo || (limit > 0 && finished >= limit)))
      isStopped = 1, measureTo = time, stopMeasuring(after);
    if (isStopped && (rate == 0 || !anyBusy() || time > measureTo + patience)) return;
    long long wait = isStopped ? 10000000 : measureTo - time;
    if (rate > 0 && !isStopped) sendDue(time, &next, gap), wait = next - now();
    if (wait > 100000000) wait = 100000000;
    if (wait < 0) wait = 0;
    struct timespec until = {0, wait};
    int n = epoll_pwait2(poller, ready, 512, &until, NULL);
    for (int i = 0; i < n; i++) attend(ready[i].data.ptr, ready[i].events);
  }
}

static void takeFile(const char *path) {
  FILE *f = fopen(path, "r");
  if (!f) exit((perror(path), 1));
  request = malloc(4 << 20);
  requestLength = fread(request, 1, 4 << 20, f);
  fclose(f);
}

static void report(Machine before, Machine after) {
  for (int i = 0; i < connections; i++) unanswered += rate > 0 && all[i].busy && all[i].due < measureTo;
  double elapsed = (measureTo - measureFrom) / 1e9;
  printf("{\"seconds\":%.6f,\"answered\":%ld,\"failures\":%ld,\"refusals\":%ld,\"unsent\":%ld,\"unanswered\":%ld,\"events\":%lld,"
         "\"bytes\":%lld,\"busySeconds\":%.3f,\"stolenSeconds\":%.3f,\"ownSeconds\":%.3f,\"cpuSeconds\":{",
         elapsed, answered, failures, refusals, unsent + (waitingTo - waitingFrom), unanswered, events, bytes,
         after.busy - before.busy, after.stolen - before.stolen, after.own - before.own);
  for (int i = 0; i < groupCount; i++) printf("%s\"%s\":%.6f", i ? "," : "", groups[i].name, groups[i].during);
  printf("},\"refusal\":\"");
  for (char *at = refusal; *at; at++)
    if (*at >= ' ' && *at != '"' && *at != '\\') putchar(*at);
    else putchar(' ');
  printf("\"");
  print("latency", &latency);
  print("firstEvent", &firstEvent);
  printf("}\n");
}

int main(int count, char **words) {
  static const struct option known[] = {
      {"port", 1, 0, 'p'}, {"connections", 1, 0, 'c'}, {"warm", 1, 0, 'w'},  {"seconds", 1, 0, 's'}, {"rate", 1, 0, 'r'},
      {"requests", 1, 0, 'n'}, {"file", 1, 0, 'f'},    {"watch", 1, 0, 'g'}, {0, 0, 0, 0}};
  for (int o; (o = getopt_long(count, words, "", known, NULL)) != -1;) switch (o) {
      case 'p': port = atoi(optarg); break;
      case 'c': connections = atoi(optarg); break;
      case 'w': warm = atof(optarg); break;
      case 's': seconds = atof(optarg); break;
      case 'r': rate = atof(optarg); break;
      case 'n': limit = atol(optarg); break;
      case 'f': takeFile(optarg); break;
      case 'g': addGroup(optarg); break;
      default: return 2;
    }
  if (!request || !port || connections < 1 || (seconds <= 0 && limit <= 0)) return fprintf(stderr, "load: see load.c\n"), 2;
  prctl(PR_SET_TIMERSLACK, 1);
  poller = epoll_create1(0);
  all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) openUp(&all[i]);
  Machine before = {0, 0, 0}, after = {0, 0, 0};
  run(&before, &after);
  report(before, after);
  return 0;
}
