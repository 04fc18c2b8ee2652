#include "crossover_capture.h"

enum status crossover_capture_open(const struct crossover_plan *p, struct crossover_capture *c) {
    *c = (struct crossover_capture){.t = p->trace};
    if (c->t != NULL) {
        return ST_OK;
    }
    c->t = &c->held;
    return trace_committed(&c->held);
}

void crossover_capture_close(struct crossover_capture *c) { trace_free(&c->held); }

int32_t crossover_capture_heads(const struct crossover_capture *c) {
    return c->t->layer_count * c->t->kv_heads;
}

int32_t crossover_capture_next(const struct crossover_capture *c, int32_t head) {
    return (head + c->t->layer_count) % crossover_capture_heads(c);
}

/* Where the trace has a head: its heads stand layer by layer. */
static int32_t place(const struct trace *t, int32_t head) {
    return (t->layer_count - 1 - head % t->layer_count) * t->kv_heads + head / t->layer_count;
}

const float *crossover_capture_keys(const struct crossover_capture *c, int32_t head) {
    return c->t->k + place(c->t, head) * c->t->tokens * c->t->head_dim;
}

const float *crossover_capture_values(const struct crossover_capture *c, int32_t head) {
    return c->t->v + place(c->t, head) * c->t->tokens * c->t->head_dim;
}

static int32_t group(const struct trace *t) { return t->heads / t->kv_heads; }

/* The first of the positions not before a token. */
static int64_t first_position(const struct trace *t, int64_t token) {
    int64_t i = 0;
    while (i < t->position_count && t->positions[i] < token) {
        i++;
    }
    return i;
}

int64_t crossover_capture_queries(const struct crossover_capture *c, int64_t n) {
    const struct trace *t = c->t;
    const int64_t last = n - 1 + CROSSOVER_LATE;
    return (first_position(t, last) - first_position(t, n - 1)) * group(t);
}

const float *crossover_capture_query(const struct crossover_capture *c, int32_t head, int64_t n,
                                     int64_t i) {
    const struct trace *t = c->t;
    const int64_t position = first_position(t, n - 1) + i / group(t);
    /* Query heads stand in the order of the KV heads that they read. */
    const int64_t query_head = place(t, head) * group(t) + i % group(t);
    return t->q + (query_head * t->position_count + position) * t->head_dim;
}

enum status crossover_capture_check(const struct crossover_capture *c,
                                    const struct crossover_plan *p, int64_t n) {
    if (p->heads > crossover_capture_heads(c)) {
        return status_set(ST_INPUT, "crossover: %d heads, but %d are captured; use fewer", p->heads,
                          crossover_capture_heads(c));
    }
    if (p->queries > crossover_capture_queries(c, n)) {
        return status_set(ST_INPUT,
                          "crossover: %lld queries, but %lld of each head are captured at or up to "
                          "%d tokens after key %lld; use fewer, or another number of keys",
                          (long long)p->queries, (long long)crossover_capture_queries(c, n),
                          CROSSOVER_LATE - 1, (long long)n);
    }
    return ST_OK;
}
