/* The plan of the mixtures, their streams and servers, and one timed round. */
#include "tiers_mixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/memory.h"

enum { CALIBRATION_ROUNDS = 3 };

/* --- plan ------------------------------------------------------------------------------------- */

struct planned {
    struct run *run;
    struct group *group;
    const struct tiers_config *config;
    const struct tiers_size *size;
    const char *kernel;
};

static bool add(const struct planned *p, const struct tiers_workload *w, enum tiers_order order,
                double load) {
    struct cell *c = group_cell(p->run, p->group, load > 0 ? "open" : "closed", p->kernel);
    if (c != NULL) {
        cell_param_text(c, "config", p->config->name);
        cell_param_text(c, "workload", w->name);
        cell_param_text(c, "order", tiers_orders[order]);
        if (load > 0) {
            cell_param_real(c, "load", load);
        }
        cell_param_integer(c, "requests", p->size->rounds * p->size->requests);
    }
    return c != NULL;
}

/* In an open loop every workload comes as it may, and the first also in bursts. */
static bool add_workload(const struct planned *p, const struct tiers_workload *w) {
    bool ok = true;
    for (int order = 0; order < p->size->orders && ok; order++) {
        ok = add(p, w, (enum tiers_order)order, 0);
    }
    for (int i = 0; i < TIERS_LOADS && p->size->loads[i] > 0 && ok; i++) {
        ok = add(p, w, TIERS_IID, p->size->loads[i]);
    }
    const bool bursts = w == &tiers_workloads[0] && p->size->orders > TIERS_BURSTY;
    return ok && (!bursts || p->size->loads[1] == 0 || add(p, w, TIERS_BURSTY, p->size->loads[1]));
}

static bool plan_config(const struct planned *p) {
    bool ok = add(p, tiers_workload_find("tier0"), TIERS_EXACT, 0);
    for (int i = 0; i < p->size->workloads && ok; i++) {
        ok = add_workload(p, &tiers_workloads[i]);
    }
    return ok;
}

static enum status plan(struct run *run) {
    bool ok = true;
    for (size_t i = 0; i < TIERS_CONFIGS && ok; i++) {
        const struct tiers_size *size = tiers_size_of(run, &tiers_configs[i]);
        struct planned p = {.run = run,
                            .group = tiers_group(run, "mixture", &tiers_configs[i], size->rounds),
                            .config = &tiers_configs[i],
                            .size = size,
                            .kernel = kernel_widest("transformer/")->name};
        ok = p.group != NULL && plan_config(&p);
    }
    return ok ? ST_OK : ST_SYSTEM;
}

/* --- one round -------------------------------------------------------------------------------- */

/* A server continues where its stream stood before the round, whatever was served last: a round may
 * be run twice. */
static void take_up(const struct tiers_mixture_group *s, struct tiers_mixture_arm *a,
                    int64_t round) {
    const struct transformer_pass warm = {0, s->config->shape.layers, s->config->shape.seq,
                                          s->config->window, false};
    a->server.impl->run(a->server.network, &warm, a->stream.tokens, s->aside, NULL, NULL);
    a->server.signature = a->kept[round];
    a->server.has_kept = a->kept[round] != 0;
}

double tiers_mixture_round(const struct tiers_mixture_group *s, struct tiers_mixture_arm *a,
                           int64_t round) {
    const int64_t first = round * s->each;
    struct tiers_log log = {a->log.latency_ns + first, a->log.tier + first, a->log.hit + first};
    take_up(s, a, round);
    return a->load > 0 && a->service_us > 0
               ? tiers_load_open(&a->server, &a->stream, first, s->each, a->arrival + first,
                                 s->logits, &log)
               : tiers_load_closed(&a->server, &a->stream, first, s->each, s->logits, &log);
}

static double time_round(struct group *g, struct cell *c, int round) {
    return tiers_mixture_round(g->state, c->state, round);
}

/* --- preparing -------------------------------------------------------------------------------- */

static enum tiers_order order_of(const struct cell *c) {
    enum tiers_order order = 0;
    while (order < TIERS_ORDERS - 1 && strcmp(tiers_orders[order], cell_string(c, "order")) != 0) {
        order++;
    }
    return order;
}

/* Arrivals by the mean time that a request takes here and now, closed. */
static void schedule(const struct tiers_mixture_group *s, struct tiers_mixture_arm *a) {
    double seconds = 0;
    for (int64_t round = 0; round <= CALIBRATION_ROUNDS; round++) {
        const double took = tiers_mixture_round(s, a, round);
        seconds += round > 0 ? took : 0; /* the first finds cold caches */
    }
    const double service = seconds / (double)(CALIBRATION_ROUNDS * s->each);
    for (int64_t round = 0; round < s->rounds; round++) {
        tiers_arrivals(s->each, a->load / service, run_seed(s->run) + (uint64_t)round,
                       a->arrival + round * s->each);
    }
    a->service_us = 1e6 * service;
}

/* What tier 3 finds at the beginning of each round. */
static void note_kept(const struct tiers_mixture_group *s, struct tiers_mixture_arm *a) {
    uint64_t last = 0;
    for (int64_t i = 0; i < a->stream.count; i++) {
        if (i % s->each == 0) {
            a->kept[i / s->each] = last;
        }
        last = a->stream.intended[i] == TIERS_KIND_3 ? last : a->stream.requests[i].signature;
    }
}

static enum status make_arm(const struct tiers_mixture_group *s, struct cell *c) {
    struct tiers_mixture_arm *a = calloc(1, sizeof *a);
    c->state = a;
    if (a == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    const int64_t count = s->rounds * s->each;
    const struct param *load = cell_param(c, "load");
    a->kernel = kernel_find(c->kernel);
    a->workload = tiers_workload_find(cell_string(c, "workload"));
    a->order = order_of(c);
    a->load = load != NULL ? load->real : 0;
    enum status st = tiers_server_open(s->config, a->kernel, run_seed(s->run), &a->server);
    st = st == ST_OK ? tiers_stream_make(s->config, a->workload, a->order, count, run_seed(s->run),
                                         &a->stream)
                     : st;
    const size_t requests = (size_t)count;
    a->tier = mem_alloc(requests);
    a->hit = mem_alloc(requests);
    a->log.latency_ns = mem_alloc_array(requests, sizeof *a->log.latency_ns);
    a->log.tier = mem_alloc(requests);
    a->log.hit = mem_alloc(requests);
    a->kept = mem_alloc_array((size_t)s->rounds, sizeof *a->kept);
    a->arrival = mem_alloc_array(requests, sizeof *a->arrival);
    if (st != ST_OK || a->tier == NULL || a->hit == NULL || a->log.latency_ns == NULL ||
        a->log.tier == NULL || a->log.hit == NULL || a->kept == NULL || a->arrival == NULL) {
        return ST_SYSTEM;
    }
    note_kept(s, a);
    if (a->load > 0) {
        schedule(s, a);
    }
    return ST_OK;
}

static enum status prepare(struct run *run, struct group *g) {
    struct tiers_mixture_group *s = calloc(1, sizeof *s);
    g->state = s;
    if (s == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    s->run = run;
    s->config = tiers_cell_config(&g->cells[0]);
    s->rounds = g->rounds;
    s->each = tiers_size_of(run, s->config)->requests;
    s->logits = mem_alloc_array((size_t)s->config->shape.logits, sizeof *s->logits);
    s->aside = mem_alloc_array((size_t)s->config->shape.logits, sizeof *s->aside);
    enum status st = transformer_weights_make(&s->config->shape, run_seed(run), &s->weights);
    if (s->logits == NULL || s->aside == NULL) {
        return ST_SYSTEM;
    }
    for (size_t i = 0; i < g->cell_count && st == ST_OK; i++) {
        st = g->cells[i].verdict != VERDICT_SKIP ? make_arm(s, &g->cells[i]) : ST_OK;
    }
    return st;
}

static void free_arm(struct tiers_mixture_arm *a) {
    tiers_server_close(&a->server);
    tiers_stream_free(&a->stream);
    mem_free(a->tier);
    mem_free(a->hit);
    mem_free(a->log.latency_ns);
    mem_free(a->log.tier);
    mem_free(a->log.hit);
    mem_free(a->kept);
    mem_free(a->arrival);
    free(a);
}

static void release(struct group *g) {
    struct tiers_mixture_group *s = g->state;
    for (size_t i = 0; i < g->cell_count; i++) {
        if (g->cells[i].state != NULL) {
            free_arm(g->cells[i].state);
            g->cells[i].state = NULL;
        }
    }
    if (s != NULL) {
        transformer_weights_free(&s->weights);
        mem_free(s->logits);
        mem_free(s->aside);
        free(s);
        g->state = NULL;
    }
}

const struct tiers_part tiers_mixture_part = {
    .name = "mixture",
    .plan = plan,
    .prepare = prepare,
    .check = tiers_mixture_check,
    .time = time_round,
    .summarise = tiers_mixture_summarise,
    .release = release,
};
