#include "graph_flat.h"

#include <stdbool.h>
#include <string.h>

#include "../../../harness/base/memory.h"

/* --- room ------------------------------------------------------------------------------------- */

static void room_free(struct graph_room *r) {
    if (r != NULL) {
        mem_free(r->marks);
        mem_free(r->query);
        mem_free(r->batch);
        mem_free(r->scores);
        mem_free(r->pool);
        mem_free(r);
    }
}

static struct graph_room *room_new(const struct graph_flat *g) {
    const size_t batch = (size_t)g->links.width[0] + GRAPH_FLAT_GROUP;
    struct graph_room *r = mem_alloc(sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    r->marks = mem_alloc_array((size_t)g->links.n, sizeof *r->marks);
    r->query = mem_alloc_array((size_t)g->stride, sizeof *r->query);
    r->batch = mem_alloc_array(batch, sizeof *r->batch);
    r->scores = mem_alloc_array(batch, sizeof *r->scores);
    if (r->marks == NULL || r->query == NULL || r->batch == NULL || r->scores == NULL) {
        room_free(r);
        return NULL;
    }
    return r;
}

static bool pool_holds(struct graph_room *r, int64_t ef) {
    if (r->pool_size < ef) {
        mem_free(r->pool);
        r->pool = mem_alloc_array((size_t)ef, sizeof *r->pool);
        r->pool_size = r->pool != NULL ? ef : 0;
    }
    return r->pool != NULL;
}

/* Searches change nothing of an index but this list. */
static struct graph_flat *changed(const struct graph_flat *g) {
    return (struct graph_flat *)(uintptr_t)g;
}

static struct graph_room *take_spare(struct graph_flat *g) {
    pthread_mutex_lock(&g->lock);
    struct graph_room *r = g->spare;
    if (r != NULL) {
        g->spare = r->next;
    }
    pthread_mutex_unlock(&g->lock);
    return r;
}

struct graph_room *graph_flat_enter(const struct graph_flat *g, const float *query, int64_t ef) {
    struct graph_room *r = take_spare(changed(g));
    r = r != NULL ? r : room_new(g);
    if (r == NULL) {
        return NULL;
    }
    if (!pool_holds(r, ef)) {
        room_free(r);
        return NULL;
    }
    memcpy(r->query, query, (size_t)g->d * sizeof *query);
    if (++r->epoch == 0) {
        memset(r->marks, 0, (size_t)g->links.n * sizeof *r->marks);
        r->epoch = 1;
    }
    return r;
}

void graph_flat_leave(const struct graph_flat *g, struct graph_room *room) {
    struct graph_flat *to = changed(g);
    pthread_mutex_lock(&to->lock);
    room->next = to->spare;
    to->spare = room;
    pthread_mutex_unlock(&to->lock);
}

/* --- index ------------------------------------------------------------------------------------ */

static enum status copy_links(const struct graph_links *from, struct graph_links *to) {
    const enum status st = graph_links_new(from->n, from->levels, from->width[0] / 2, to);
    if (st != ST_OK) {
        return st;
    }
    to->entry = from->entry;
    memcpy(to->level, from->level, (size_t)from->n * sizeof *from->level);
    for (int32_t l = 0; l < from->levels; l++) {
        memcpy(to->links[l], from->links[l],
               (size_t)from->n * (size_t)from->width[l] * sizeof(int32_t));
    }
    return ST_OK;
}

static enum status copy_vectors(struct graph_flat *g, const float *vectors) {
    g->stride = (g->d + GRAPH_FLAT_LANES - 1) / GRAPH_FLAT_LANES * GRAPH_FLAT_LANES;
    g->vectors = mem_alloc_array((size_t)g->links.n, (size_t)g->stride * sizeof(float));
    for (int64_t i = 0; g->vectors != NULL && i < g->links.n; i++) {
        memcpy(g->vectors + i * g->stride, vectors + i * g->d, (size_t)g->d * sizeof(float));
    }
    return g->vectors != NULL ? ST_OK : ST_SYSTEM;
}

enum status graph_flat_adopt(const struct graph_params *params, const struct graph_links *links,
                             const float *vectors, void **index) {
    struct graph_flat *g = mem_alloc(sizeof *g);
    if (g == NULL) {
        return ST_SYSTEM;
    }
    g->d = params->d;
    pthread_mutex_init(&g->lock, NULL);
    enum status st = copy_links(links, &g->links);
    st = st == ST_OK ? copy_vectors(g, vectors) : st;
    if (st != ST_OK) {
        graph_flat_close(g);
        return st;
    }
    *index = g;
    return ST_OK;
}

int64_t graph_flat_size(const void *index) {
    const struct graph_flat *g = index;
    return g->links.n;
}

void graph_flat_close(void *index) {
    struct graph_flat *g = index;
    if (g == NULL) {
        return;
    }
    while (g->spare != NULL) {
        struct graph_room *r = g->spare;
        g->spare = r->next;
        room_free(r);
    }
    pthread_mutex_destroy(&g->lock);
    graph_links_free(&g->links);
    mem_free(g->vectors);
    mem_free(g);
}
