#include "generate.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../harness/base/memory.h"
#include "../harness/base/workers.h"
#include "rng.h"
#include "spec.h"
#include "view.h"

/* Streams of one seed; a number is an address and must never be reused for something else. */
enum stream {
    STREAM_CENTRES = 1,
    STREAM_CLUSTER = 2, /* + set: which cluster a row belongs to */
    STREAM_NOISE = 4,   /* + set */
    STREAM_IID = 6,     /* + set */
    STREAM_INTEGERS = 8 /* + set */
};

static const char *const family_names[] = {
    [GENERATOR_CLUSTERS] = "clusters", [GENERATOR_IID] = "iid", [GENERATOR_INTEGERS] = "integers"};

/* Every default lives here. */
static const struct generator defaults = {.clusters = 200, .decay = 5, .spread = 0.5, .seed = 1};

static bool find_family(const char *name, enum generator_family *out) {
    for (size_t i = 0; i < sizeof family_names / sizeof *family_names; i++) {
        if (strcmp(family_names[i], name) == 0) {
            *out = (enum generator_family)i;
            return true;
        }
    }
    return false;
}

bool generator_known(const char *name) {
    enum generator_family family;
    return find_family(name, &family);
}

enum status generator_parse(const char *name, const char *parameters, struct generator *out) {
    struct generator g = defaults;
    if (!find_family(name, &g.family)) {
        return status_set(ST_INPUT, "dataset %s: no such generator; use clusters, iid or integers",
                          name);
    }
    const struct spec_key keys[] = {
        {.name = "n", .integer = &g.n, .least = 1, .most = DATASET_MAX_N, .required = true},
        {.name = "d", .integer = &g.d, .least = 1, .most = DATASET_MAX_D, .required = true},
        {.name = "queries",
         .integer = &g.queries,
         .least = 1,
         .most = DATASET_MAX_N,
         .required = true},
        {.name = "seed", .integer = &g.seed, .least = 0, .most = UINT64_MAX},
        {.name = "clusters", .integer = &g.clusters, .least = 1, .most = 1000000},
        {.name = "decay", .real = &g.decay, .lo = 1e-6, .hi = 1e9},
        {.name = "spread", .real = &g.spread, .lo = 0, .hi = 1}};
    const size_t count = sizeof keys / sizeof *keys - (g.family == GENERATOR_CLUSTERS ? 0 : 3);
    enum status st = spec_parse(name, parameters, keys, count);
    if (st == ST_OK) {
        st = view_limits(name, g.n + g.queries, g.d);
    }
    if (st == ST_OK && g.family == GENERATOR_CLUSTERS) {
        st = view_limits("clusters: its centres", g.clusters, g.d);
    }
    if (st == ST_OK) {
        *out = g;
    }
    return st;
}

void generator_describe(const struct generator *g, char *out, size_t size) {
    char decay[32], spread[32], shape[96] = "";
    spec_format_real(g->decay, decay, sizeof decay);
    spec_format_real(g->spread, spread, sizeof spread);
    if (g->family == GENERATOR_CLUSTERS) {
        snprintf(shape, sizeof shape, ",clusters=%" PRIu64 ",decay=%s,spread=%s", g->clusters,
                 decay, spread);
    }
    snprintf(out, size, "%s:n=%" PRIu64 ",d=%" PRIu64 ",queries=%" PRIu64 "%s,seed=%" PRIu64,
             family_names[g->family], g->n, g->d, g->queries, shape, g->seed);
}

/* One call of generator_rows: rows are cut into `items` ranges, each with its own scratch row. */
struct job {
    const struct generator *g;
    uint32_t set;
    int64_t first, count, items;
    float *out;
    double *centres; /* (clusters,d), scaled; clusters only */
    double *noise;   /* (d) factor of own noise; clusters only */
    double *scratch; /* (items,d) */
};

static void clusters_row(const struct job *job, uint64_t row, double *scratch, float *out) {
    const struct generator *g = job->g;
    const size_t d = (size_t)g->d;
    uint32_t words[4];
    rng_words(g->seed, STREAM_CLUSTER + job->set, row, 0, words);
    const double *centre = job->centres + rng_below(words[0], (uint32_t)g->clusters) * d;
    rng_gaussians(g->seed, STREAM_NOISE + job->set, row, scratch, d);
    double square = 0.0;
    for (size_t i = 0; i < d; i++) {
        scratch[i] = centre[i] + job->noise[i] * scratch[i];
        square += scratch[i] * scratch[i];
    }
    const double norm = sqrt(square);
    for (size_t i = 0; i < d; i++) {
        out[i] = (float)(scratch[i] / norm);
    }
}

static void iid_row(const struct job *job, uint64_t row, double *scratch, float *out) {
    const size_t d = (size_t)job->g->d;
    rng_gaussians(job->g->seed, STREAM_IID + job->set, row, scratch, d);
    for (size_t i = 0; i < d; i++) {
        out[i] = (float)scratch[i];
    }
}

static void integers_row(const struct job *job, uint64_t row, float *out) {
    enum { LARGEST = 8 };
    const size_t d = (size_t)job->g->d;
    for (size_t i = 0; i < d; i += 4) {
        uint32_t words[4];
        rng_words(job->g->seed, STREAM_INTEGERS + job->set, row, (uint32_t)(i / 4), words);
        for (size_t j = 0; j < 4 && i + j < d; j++) {
            out[i + j] = (float)rng_below(words[j], 2 * LARGEST + 1) - (float)LARGEST;
        }
    }
}

/* Fills range `item` of the rows. */
static void fill_range(void *arg, int64_t item) {
    const struct job *job = arg;
    const size_t d = (size_t)job->g->d;
    const int64_t begin = job->count * item / job->items;
    const int64_t end = job->count * (item + 1) / job->items;
    double *scratch = job->scratch + (size_t)item * d;
    for (int64_t r = begin; r < end; r++) {
        const uint64_t row = (uint64_t)(job->first + r);
        float *out = job->out + (size_t)r * d;
        switch (job->g->family) {
        case GENERATOR_CLUSTERS:
            clusters_row(job, row, scratch, out);
            break;
        case GENERATOR_IID:
            iid_row(job, row, scratch, out);
            break;
        case GENERATOR_INTEGERS:
            integers_row(job, row, out);
            break;
        }
    }
}

/* Centres and noise factors with the spectrum in them. */
static enum status prepare_clusters(struct job *job) {
    const struct generator *g = job->g;
    const size_t d = (size_t)g->d;
    job->centres = mem_alloc_array((size_t)g->clusters, d * sizeof *job->centres);
    job->noise = mem_alloc_array(d, sizeof *job->noise);
    if (job->centres == NULL || job->noise == NULL) {
        return ST_SYSTEM;
    }
    for (size_t i = 0; i < d; i++) {
        job->noise[i] = sqrt(g->spread) * sqrt(1.0 / (1.0 + (double)i / g->decay));
    }
    for (size_t c = 0; c < g->clusters; c++) {
        double *centre = job->centres + c * d;
        rng_gaussians(g->seed, STREAM_CENTRES, c, centre, d);
        for (size_t i = 0; i < d; i++) {
            centre[i] *= sqrt(1.0 - g->spread) * sqrt(1.0 / (1.0 + (double)i / g->decay));
        }
    }
    return ST_OK;
}

/* Several ranges a processor, so that a slow one does not hold up the rest. */
static int64_t range_count(int64_t rows, int threads) {
    const int64_t wanted = 4 * (int64_t)threads;
    return wanted < rows ? wanted : rows;
}

enum status generator_rows(const struct generator *g, enum generator_set set, int64_t first,
                           int64_t count, float *out) {
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    const int threads = online < 1 ? 1 : online > WORKERS_MAX ? WORKERS_MAX : (int)online;
    struct job job = {.g = g,
                      .set = (uint32_t)set,
                      .first = first,
                      .count = count,
                      .items = range_count(count, threads),
                      .out = out};
    enum status st = ST_OK;
    job.scratch = mem_alloc_array((size_t)job.items, (size_t)g->d * sizeof *job.scratch);
    if (job.scratch == NULL) {
        st = ST_SYSTEM;
    }
    if (st == ST_OK && g->family == GENERATOR_CLUSTERS) {
        st = prepare_clusters(&job);
    }
    if (st == ST_OK) {
        workers_run(threads, job.items, fill_range, &job);
    }
    mem_free(job.centres);
    mem_free(job.noise);
    mem_free(job.scratch);
    return st;
}
