#include "hnsw.h"

#include <stdlib.h>

struct candidate {
    double score;
    int32_t id;
};

/* Nodes in no order. */
struct set {
    struct candidate *rows;
    int64_t count;
};

struct walk {
    const struct ref_hnsw *g;
    const float *query;
    struct set waiting, best;
    char *seen; /* (n) */
    struct ref_hnsw_counts *counts;
};

double ref_inner_product(const float *a, const float *b, int32_t d) {
    double sum = 0;
    for (int32_t i = 0; i < d; i++) {
        sum += (double)a[i] * (double)b[i];
    }
    return sum;
}

static int better(struct candidate a, struct candidate b) {
    return a.score > b.score || (a.score == b.score && a.id < b.id);
}

static struct candidate evaluate(struct walk *w, int32_t id) {
    const struct candidate c = {
        ref_inner_product(w->query, w->g->vectors + (int64_t)id * w->g->d, w->g->d), id};
    w->counts->evaluations++;
    return c;
}

/* A node's links on a level; returns how many. */
static int32_t read_links(struct walk *w, int32_t id, int32_t level, const int32_t **links) {
    const int32_t width = w->g->width[level];
    int32_t count = 0;
    *links = w->g->links[level] + (int64_t)id * width;
    while (count < width && (*links)[count] >= 0) {
        count++;
    }
    w->counts->hops++;
    w->counts->links += (uint64_t)count;
    return count;
}

static struct candidate descend(struct walk *w, struct candidate at, int32_t level) {
    for (;;) {
        const int32_t *links;
        const int32_t count = read_links(w, at.id, level, &links);
        struct candidate best = at;
        for (int32_t i = 0; i < count; i++) {
            const struct candidate c = evaluate(w, links[i]);
            if (c.score > best.score) {
                best = c;
            }
        }
        if (best.id == at.id) {
            return at;
        }
        at = best;
    }
}

/* Place of the best or the worst of a set that is not empty. */
static int64_t extreme(const struct set *s, int worst) {
    int64_t at = 0;
    for (int64_t i = 1; i < s->count; i++) {
        if (better(s->rows[i], s->rows[at]) != worst) {
            at = i;
        }
    }
    return at;
}

static struct candidate removed(struct set *s, int64_t at) {
    const struct candidate c = s->rows[at];
    s->rows[at] = s->rows[--s->count];
    return c;
}

static void consider(struct walk *w, int32_t id, int64_t ef) {
    const struct candidate c = evaluate(w, id);
    if (w->best.count == ef && !better(c, w->best.rows[extreme(&w->best, 1)])) {
        return;
    }
    if (w->best.count == ef) {
        removed(&w->best, extreme(&w->best, 1));
    }
    w->best.rows[w->best.count++] = c;
    w->waiting.rows[w->waiting.count++] = c;
}

static void spread(struct walk *w, struct candidate start, int64_t ef) {
    w->best.rows[w->best.count++] = start;
    w->waiting.rows[w->waiting.count++] = start;
    w->seen[start.id] = 1;
    while (w->waiting.count > 0) {
        const struct candidate at = removed(&w->waiting, extreme(&w->waiting, 0));
        if (w->best.count == ef && better(w->best.rows[extreme(&w->best, 1)], at)) {
            return;
        }
        const int32_t *links;
        const int32_t count = read_links(w, at.id, 0, &links);
        for (int32_t i = 0; i < count; i++) {
            if (!w->seen[links[i]]) {
                w->seen[links[i]] = 1;
                consider(w, links[i], ef);
            }
        }
    }
}

static int64_t search(struct walk *w, int64_t k, int64_t ef, int32_t *ids, double *scores) {
    struct candidate at = evaluate(w, w->g->entry);
    for (int32_t level = w->g->levels - 1; level > 0; level--) {
        at = descend(w, at, level);
    }
    const uint64_t above = w->counts->evaluations;
    spread(w, at, ef);
    w->counts->lowest = w->counts->evaluations - above;
    int64_t found = 0;
    for (; found < k && w->best.count > 0; found++) {
        const struct candidate c = removed(&w->best, extreme(&w->best, 0));
        ids[found] = c.id;
        scores[found] = c.score;
    }
    return found;
}

int64_t ref_hnsw_search(const struct ref_hnsw *g, const float *query, int64_t k, int64_t ef,
                        int32_t *ids, double *scores, struct ref_hnsw_counts *counts) {
    *counts = (struct ref_hnsw_counts){0};
    if (g->n == 0) {
        return 0;
    }
    const size_t n = (size_t)g->n;
    struct walk w = {.g = g, .query = query, .counts = counts};
    w.waiting.rows = calloc(n, sizeof *w.waiting.rows);
    w.best.rows = calloc(n, sizeof *w.best.rows);
    w.seen = calloc(n, 1);
    const int64_t found = w.waiting.rows == NULL || w.best.rows == NULL || w.seen == NULL
                              ? -1
                              : search(&w, k, ef, ids, scores);
    free(w.waiting.rows);
    free(w.best.rows);
    free(w.seen);
    return found;
}
