/* Which datasets, arms and parameter points a profile has. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../harness/judge/kernel.h"
#include "adsampling.h"

const struct setting ads_settings[] = {
    {"eps0", "", "one pruning slack instead of the table's 3.0, 2.1, 1.5 and the certain bound"},
    {"delta", "32", "dimensions per group, where eps0 is set"},
    {"k", "", "one number of neighbours instead of the profile's"},
    {"judged", "16", "queries whose pruned search is compared with the float64 search"},
    {NULL, NULL, NULL},
};

/* A dataset of a profile: what opens it, how many queries each kind of arm answers, how much is
 * timed. */
struct planned_dataset {
    const char *name, *spec;
    int32_t d; /* to know the certain bound before the data is read */
    int64_t queries;
    int rounds;
};

static const struct planned_dataset smoke[] = {
    {"fashion-mnist", "fashion-mnist:n=10000,queries=100", 784, 100, 30},
    {NULL, NULL, 0, 0, 0},
};

static const struct planned_dataset standard[] = {
    {"fashion-mnist", "fashion-mnist:queries=1000", 784, 1000, 30},
    {"clusters", "clusters:n=100000,d=1024,queries=1000", 1024, 1000, 30},
    {"iid", "iid:n=50000,d=1024,queries=200", 1024, 200, 30},
    {NULL, NULL, 0, 0, 0},
};

static const struct planned_dataset full[] = {
    {"clusters", "clusters:n=1000000,d=1024,queries=1000", 1024, 1000, 30},
    {NULL, NULL, 0, 0, 0},
};

static const struct planned_dataset *datasets_of(enum profile p) {
    return p == PROFILE_SMOKE ? smoke : p == PROFILE_DEFAULT ? standard : full;
}

/* The rows of the seed's table, and the bound below which nothing is ever lost. */
struct point {
    double eps0;
    int64_t delta;
};

enum {
    POINTS = 5,
    EXACT_QUERIES = ADS_TIMED_QUERIES, /* an exact arm's recall needs no long count */
    SCALAR_QUERIES = 300               /* as many as the seed's scalar arm answered */
};

static enum status points_of(const struct run *run, int32_t d, struct point out[POINTS],
                             size_t *n) {
    const struct point seed[] = {{3.0, 32}, {2.1, 32}, {1.5, 32}, {2.1, 16}};
    *n = 0;
    if (run_setting(run, "eps0")[0] != '\0') {
        enum status st = run_setting_real(run, "eps0", 0, 1e6, &out[0].eps0);
        *n = 1;
        return st == ST_OK ? run_setting_integer(run, "delta", 1, 128, &out[0].delta) : st;
    }
    for (size_t i = 0; i < sizeof seed / sizeof seed[0]; i++) {
        if (seed[i].delta <= d) {
            out[(*n)++] = seed[i];
        }
    }
    int64_t delta = d < 32 ? d : 32;
    /* rounded up to 3 digits, so that the printed value is itself certain */
    double certain = ceil((sqrt((double)d) - sqrt((double)delta)) * 1000) / 1000;
    out[(*n)++] = (struct point){certain, delta};
    return ST_OK;
}

static bool out_of_memory(const struct cell *c) { return c == NULL; }

struct context {
    struct run *run;
    struct group *group;
    const char *dataset;
    int64_t queries, k;
    int threads;
};

static struct cell *add_cell(const struct context *x, const char *arm, const char *kernel,
                             int64_t queries) {
    struct cell *c = group_cell(x->run, x->group, arm, kernel);
    if (c != NULL) {
        cell_param_text(c, "dataset", x->dataset);
        cell_param_integer(c, "k", x->k);
        cell_param_integer(c, "queries", queries);
        cell_param_integer(c, "threads", x->threads);
    }
    return c;
}

static enum status add_exact(const struct context *x) {
    static const struct {
        const char *arm, *kernel;
        int64_t batch;
    } arms[] = {
        {"naive", "l2_scan/scalar", 1},
        {"naive", "l2_scan/avx2", 1},
        {"naive", "l2_scan/avx512", 1},
        {"faiss", "l2_scan/faiss", 1},
        {"faiss", "l2_scan/faiss", EXACT_QUERIES},
        {"sgemm", "l2_scan/sgemm", EXACT_QUERIES},
    };
    int64_t queries = x->queries < EXACT_QUERIES ? x->queries : EXACT_QUERIES;
    for (size_t i = 0; i < sizeof arms / sizeof arms[0]; i++) {
        struct cell *c = add_cell(x, arms[i].arm, arms[i].kernel, queries);
        if (out_of_memory(c)) {
            return ST_SYSTEM;
        }
        /* a wide batch is divided among the threads: all arms are timed on the same queries */
        int64_t share = queries / x->threads > 0 ? queries / x->threads : 1;
        cell_param_integer(c, "batch", arms[i].batch < share ? arms[i].batch : share);
    }
    return ST_OK;
}

static enum status add_pruned(const struct context *x, const struct point *points, size_t n,
                              int32_t d) {
    static const struct {
        const char *arm, *kernel;
    } arms[] = {
        {"ads_horizontal", "ads_horizontal/scalar"}, {"ads_horizontal", "ads_horizontal/avx2"},
        {"ads_horizontal", "ads_horizontal/avx512"}, {"ads_vertical", "ads_vertical/avx2"},
        {"ads_vertical", "ads_vertical/avx512"},
    };
    for (size_t i = 0; i < sizeof arms / sizeof arms[0]; i++) {
        for (size_t p = 0; p < n; p++) {
            /* what cannot lose anything is exact, and as slow: fewer queries tell as much */
            bool certain = points[p].eps0 >= sqrt((double)d) - sqrt((double)points[p].delta);
            const struct kernel *k = kernel_find(arms[i].kernel);
            int64_t most = certain ? EXACT_QUERIES : k->isa == 0 ? SCALAR_QUERIES : x->queries;
            int64_t queries = most < x->queries ? most : x->queries;
            struct cell *c = add_cell(x, arms[i].arm, arms[i].kernel, queries);
            if (out_of_memory(c)) {
                return ST_SYSTEM;
            }
            cell_param_integer(c, "batch", 1);
            cell_param_real(c, "eps0", points[p].eps0);
            cell_param_integer(c, "delta", points[p].delta);
        }
    }
    return ST_OK;
}

static enum status add_device(const struct context *x) {
    static const char *const states[] = {"warm", "cold"};
    int64_t queries = x->queries < EXACT_QUERIES ? x->queries : EXACT_QUERIES;
    for (size_t s = 0; s < 2; s++) {
        for (int64_t batch = 1; batch <= queries; batch = batch == 1 ? queries : queries + 1) {
            struct cell *c = add_cell(x, "naive", "l2_scan/cuda_f32", queries);
            if (out_of_memory(c)) {
                return ST_SYSTEM;
            }
            cell_param_integer(c, "batch", batch);
            cell_param_text(c, "l2", states[s]);
            if (queries == 1) {
                break;
            }
        }
    }
    return ST_OK;
}

static enum status add_k(struct context *x, const struct point *points, size_t n, int32_t d) {
    int threads[2], count = run_threads(x->run, threads);
    enum status st = ST_OK;
    for (int t = 0; t < count && st == ST_OK; t++) {
        x->threads = threads[t];
        const struct kernel *read = kernel_widest("stream_read/");
        st = out_of_memory(add_cell(x, "bandwidth", read->name, 0)) ? ST_SYSTEM : add_exact(x);
        st = st == ST_OK ? add_pruned(x, points, n, d) : st;
        if (st == ST_OK && t == 0) {
            st = add_device(x);
        }
    }
    return st;
}

/* The A/A control is the arm that the speed-ups are taken against. */
static void choose_control(struct group *g) {
    const struct kernel *simd = NULL;
    for (size_t i = 0; i < g->cell_count; i++) {
        const struct kernel *k = kernel_find(g->cells[i].kernel);
        bool naive = strcmp(g->cells[i].arm, "naive") == 0 && k != NULL &&
                     k->backend == BACKEND_CPU && kernel_unavailable(k) == NULL;
        if (naive && (simd == NULL || k->isa > simd->isa)) {
            simd = k;
            g->control = i;
        }
    }
}

static void skip_all(struct group *g, const char *reason) {
    for (size_t i = 0; i < g->cell_count; i++) {
        cell_verdict(&g->cells[i], VERDICT_SKIP, "%s", reason);
    }
}

static enum status plan_dataset(struct run *run, const struct planned_dataset *p,
                                const char *source) {
    static const int64_t every_k[ADS_KS] = {10, 1, 100};
    struct point points[POINTS];
    size_t n;
    enum status st = points_of(run, p->d, points, &n);
    struct context x = {.run = run, .dataset = p->name, .queries = p->queries};
    x.group = st == ST_OK ? run_group(run, p->name, p->rounds) : NULL;
    if (x.group == NULL) {
        return st == ST_OK ? ST_SYSTEM : st;
    }
    x.group->source = source;
    if (run_setting(run, "k")[0] != '\0') {
        st = run_setting_integer(run, "k", 1, 1000, &x.k);
        st = st == ST_OK ? add_k(&x, points, n, p->d) : st;
    } else {
        size_t ks = run_profile(run) == PROFILE_FULL ? ADS_KS : 1;
        for (size_t i = 0; i < ks && st == ST_OK; i++) {
            x.k = every_k[i];
            st = add_k(&x, points, n, p->d);
        }
    }
    choose_control(x.group);
    for (const struct dataset_info *info = dataset_infos; info->name != NULL; info++) {
        const char *why = strcmp(info->name, p->name) == 0 ? dataset_unavailable(info) : NULL;
        if (why != NULL) {
            skip_all(x.group, why);
        }
    }
    return st;
}

enum status ads_open(const struct run *run, const char *source, const char *name,
                     struct dataset *out) {
    if (source != NULL) {
        bool small = run_profile(run) == PROFILE_SMOKE;
        return dataset_open(source, run_queries(run), small ? 10000 : 0, small ? 100 : 1000, out);
    }
    const struct planned_dataset *p = datasets_of(run_profile(run));
    while (p->name != NULL && strcmp(p->name, name) != 0) {
        p++;
    }
    return p->name != NULL ? dataset_open(p->spec, NULL, 0, 0, out)
                           : status_set(ST_INPUT, "adsampling: no dataset %s", name);
}

/* A dataset of the user's is opened once here already, because its shape decides the cells. */
static enum status plan_own(struct run *run, const char *source) {
    struct dataset data;
    enum status st = ads_open(run, source, NULL, &data);
    if (st != ST_OK) {
        return st;
    }
    struct planned_dataset own = {data.name, source, data.base.d, data.queries.n, 30};
    st = plan_dataset(run, &own, source);
    dataset_close(&data);
    return st;
}

enum status ads_plan(struct run *run) {
    enum status st = ST_OK;
    const char *own;
    for (size_t i = 0; (own = run_dataset(run, i)) != NULL && st == ST_OK; i++) {
        st = plan_own(run, own);
    }
    if (run_dataset(run, 0) != NULL) {
        return st;
    }
    for (const struct planned_dataset *p = datasets_of(run_profile(run)); p->name != NULL; p++) {
        st = plan_dataset(run, p, NULL);
        if (st != ST_OK) {
            break;
        }
    }
    return st;
}
