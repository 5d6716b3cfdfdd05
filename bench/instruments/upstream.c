/* The upstream that every gateway is measured in front of: OpenAI's API with canned answers, as fast as one core allows.
   upstream PORT. Answers POST …/embeddings with one vector, other POSTs with a chat answer, or with 100 chunks and a usage
   event when the body asks for a stream; anything else with a list of models. As OpenAI has it, the first chunk says the role,
   and the last why the answer ended. A body that holds "pace-N" gets its chunks N milliseconds apart (N is 0, 1 or 10); every
   chunk is one write. Each answer goes out as soon as the whole request is in. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
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

#define CHUNKS 100
#define PACES 3

typedef struct Connection {
  int fd;
  char *in;
  size_t inLength, inRoom;
  const char *out; /* what the socket did not take yet; always one of the canned texts below */
  size_t outLength;
  int streaming, sent, closed;
  long long due;
  struct Queue *queue;
  struct Connection *next;
} Connection;

/** Streams of one pace, soonest first: all wait equally long, so a list is enough. */
typedef struct Queue {
  long long gap;
  Connection *first, *last;
} Queue;

typedef struct { char *text; size_t length; } Text;

static Queue queues[PACES] = {{0, NULL, NULL}, {1000000, NULL, NULL}, {10000000, NULL, NULL}};
static const char *paceMarks[PACES] = {"pace-0 ", "pace-1 ", "pace-10 "};
static Text chat, embedding, models, streamHead, chunks[3], streamEnd;
static int poller;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static const char *const headers =
    "x-request-id: req_0123456789abcdef0123456789abcdef\r\nopenai-processing-ms: 210\r\nopenai-version: 2020-10-01\r\n"
    "x-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 149984\r\n";

static Text answer(const char *body) {
  Text made;
  made.length = asprintf(&made.text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s",
                         strlen(body), headers, body);
  return made;
}

static Text framed(const char *body, const char *after) {
  Text made;
  made.length = asprintf(&made.text, "%zx\r\n%s\r\n%s", strlen(body), body, after);
  return made;
}

#define IDENTITY "\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"created\":1741569952,\"model\":\"gpt-4.1-2025-04-14\","

/** A chunk of a stream, as OpenAI writes it: what it adds, and why the answer ended. */
static Text chunkOf(const char *delta, const char *reason) {
  char *body;
  asprintf(&body,
           "data: {" IDENTITY "\"object\":\"chat.completion.chunk\",\"service_tier\":\"default\",\"system_fingerprint\":"
           "\"fp_44709d6fcb\",\"choices\":[{\"index\":0,\"delta\":{%s},\"logprobs\":null,\"finish_reason\":%s}],"
           "\"usage\":null,\"obfuscation\":\"abcdefgh\"}\n\n",
           delta, reason);
  return framed(body, "");
}

static void can(void) {
  char content[1024] = "", *body;
  while (strlen(content) < 620) strcat(content, "A quick answer about a slow question, with \\\"quotes\\\" in it. ");
  asprintf(&body,
           "{" IDENTITY "\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
           "\"%s\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{"
           "\"prompt_tokens\":219,\"completion_tokens\":110,\"total_tokens\":329,\"prompt_tokens_details\":{\"cached_tokens\":0,"
           "\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,"
           "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}},\"service_tier\":\"default\","
           "\"system_fingerprint\":\"fp_44709d6fcb\"}",
           content);
  chat = answer(body);
  char vector[1536 * 16], *at = vector;
  for (int i = 0; i < 1536; i++) at += sprintf(at, "%s%.9f", i ? "," : "", ((i * 7919) % 2001 - 1000) / 20011.0);
  asprintf(&body, "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[%s]}],\"model\":"
                  "\"text-embedding-3-small\",\"usage\":{\"prompt_tokens\":38,\"total_tokens\":38}}", vector);
  embedding = answer(body);
  models = answer("{\"object\":\"list\",\"data\":[{\"id\":\"gpt-4.1\",\"object\":\"model\",\"created\":1741569952,\"owned_by\":"
                  "\"openai\"},{\"id\":\"text-embedding-3-small\",\"object\":\"model\",\"created\":1741569952,\"owned_by\":\"openai\"}]}");
  streamHead.length = asprintf(&streamHead.text, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                               "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n%s\r\n", headers);
  chunks[0] = chunkOf("\"role\":\"assistant\",\"content\":\"\",\"refusal\":null", "null");
  chunks[1] = chunkOf("\"content\":\" token\"", "null");
  chunks[2] = chunkOf("", "\"stop\"");
  streamEnd = framed("data: {" IDENTITY "\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{\"prompt_tokens\":219,"
                     "\"completion_tokens\":100,\"total_tokens\":319}}\n\ndata: [DONE]\n\n", "0\r\n\r\n");
}

static void watch(Connection *c, unsigned events) {
  struct epoll_event e = {.events = events, .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
}

/** Sends as much as the socket takes; returns -1 when the other side is gone. */
static int flush(Connection *c) {
  while (c->outLength > 0) {
    ssize_t wrote = write(c->fd, c->out, c->outLength);
    if (wrote < 0) return errno == EAGAIN ? 0 : -1;
    c->out += wrote;
    c->outLength -= wrote;
  }
  return 0;
}

static int say(Connection *c, Text text) {
  c->out = text.text;
  c->outLength = text.length;
  if (flush(c) < 0) return -1;
  if (c->outLength > 0) watch(c, EPOLLIN | EPOLLOUT);
  return 0;
}

static void append(Queue *queue, Connection *c) {
  c->next = NULL;
  if (queue->last) queue->last->next = c; else queue->first = c;
  queue->last = c;
}

/** A connection in a queue is only marked: the queue's turn frees it. */
static void leave(Connection *c) {
  if (!c->closed) close(c->fd);
  c->closed = 1;
  if (c->streaming) return;
  free(c->in);
  free(c);
}

static Queue *paceOf(const char *body, size_t length) {
  for (int i = 1; i < PACES; i++)
    if (memmem(body, length, paceMarks[i], strlen(paceMarks[i]))) return &queues[i];
  return &queues[0];
}

/** Returns the length of the first whole request, or 0; `body` is where its body begins. */
static size_t wholeRequest(Connection *c, size_t *body) {
  char *end = memmem(c->in, c->inLength, "\r\n\r\n", 4);
  if (!end) return 0;
  *body = end - c->in + 4;
  *end = 0;
  char *length = strcasestr(c->in, "\r\ncontent-length:");
  int chunked = !length && strcasestr(c->in, "\r\ntransfer-encoding: chunked");
  *end = '\r';
  if (chunked) {
    char *last = memmem(c->in + *body, c->inLength - *body, "0\r\n\r\n", 5);
    return last ? last - c->in + 5 : 0;
  }
  size_t whole = *body + (length ? strtoul(length + 17, NULL, 10) : 0);
  return c->inLength >= whole ? whole : 0;
}

/** Answers the requests that are in; a stream makes those behind it wait. Returns -1 when the other side is gone. */
static int serve(Connection *c) {
  size_t body, whole;
  while (!c->streaming && c->outLength == 0 && (whole = wholeRequest(c, &body)) > 0) {
    char *path = c->in, *pathEnd = memchr(path, '\r', whole);
    size_t length = whole - body;
    Text text = chat;
    if (memcmp(path, "POST ", 5) != 0) text = models;
    else if (memmem(path, pathEnd - path, "/embeddings", 11)) text = embedding;
    else if (memmem(c->in + body, length, "\"stream\":true", 13) || memmem(c->in + body, length, "\"stream\": true", 14)) {
      text = streamHead;
      c->streaming = 1;
      c->sent = 0;
      c->queue = paceOf(c->in + body, length);
      c->due = now() + c->queue->gap;
      append(c->queue, c);
    }
    memmove(c->in, c->in + whole, c->inLength - whole);
    c->inLength -= whole;
    if (say(c, text) < 0) return -1;
  }
  return 0;
}

/** Gives each stream that is due its next chunk; returns nanoseconds until the next one is, or -1 when there is none. */
static long long turn(Queue *queue) {
  long long time = now();
  Connection *end = queue->last;
  while (queue->first && (queue->gap == 0 || queue->first->due <= time)) {
    Connection *c = queue->first;
    queue->first = c->next;
    if (!queue->first) queue->last = NULL;
    c->due += queue->gap;
    int gone = c->closed;
    if (!gone && c->outLength > 0) append(queue, c);
    else if (!gone && c->sent < CHUNKS) {
      c->sent++;
      gone = say(c, chunks[c->sent == 1 ? 0 : c->sent < CHUNKS ? 1 : 2]) < 0;
      append(queue, c);
      if (gone) { if (!c->closed) close(c->fd); c->closed = 1; }
    } else {
      c->streaming = 0;
      if (gone || say(c, streamEnd) < 0 || serve(c) < 0) leave(c);
    }
    if (c == end) break; /* everyone once a turn, so that all streams go forward together */
  }
  if (!queue->first) return -1;
  long long wait = queue->first->due - now();
  return queue->gap == 0 || wait < 0 ? 0 : wait;
}

static void welcome(int door) {
  int one = 1, fd;
  while ((fd = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Connection *c = calloc(1, sizeof *c);
    c->fd = fd;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
  }
}

/** Takes what has arrived; returns -1 when the other side is gone. */
static int listenTo(Connection *c) {
  if (c->inRoom - c->inLength < 65536) c->in = realloc(c->in, (c->inRoom = c->inRoom * 2 + 131072) + 1);
  ssize_t got = read(c->fd, c->in + c->inLength, c->inRoom - c->inLength);
  if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
  c->inLength += got;
  return serve(c);
}

static void attend(Connection *c, unsigned events) {
  int gone = 0;
  if (events & EPOLLOUT) {
    gone = flush(c) < 0;
    if (!gone && c->outLength == 0) {
      watch(c, EPOLLIN);
      gone = serve(c) < 0;
    }
  }
  if (!gone && (events & ~EPOLLOUT)) gone = listenTo(c) < 0;
  if (gone) leave(c);
}

int main(int count, char **words) {
  if (count != 2) return fprintf(stderr, "usage: upstream PORT\n"), 2;
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1);
  can();
  int one = 1, door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(door, (void *)&here, sizeof here) || listen(door, 4096)) return perror("upstream"), 1;
  poller = epoll_create1(0);
  struct epoll_event ready[512], e = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, door, &e);
  for (;;) {
    long long soonest = -1;
    for (int i = 0; i < PACES; i++) {
      long long wait = turn(&queues[i]);
      if (wait >= 0 && (soonest < 0 || wait < soonest)) soonest = wait;
    }
    struct timespec limit = {soonest / 1000000000LL, soonest % 1000000000LL};
    int n = epoll_pwait2(poller, ready, 512, soonest < 0 ? NULL : &limit, NULL);
    for (int i = 0; i < n; i++)
      if (ready[i].data.ptr) attend(ready[i].data.ptr, ready[i].events);
      else welcome(door);
  }
}
