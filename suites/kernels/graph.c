#include "graph.h"

#include <string.h>

#include "../../harness/base/memory.h"

static int32_t *filled(int64_t rows, int32_t width, int byte) {
    int32_t *cells = mem_alloc_array((size_t)rows, (size_t)width * sizeof *cells);
    if (cells != NULL && byte != 0) {
        memset(cells, byte, (size_t)rows * (size_t)width * sizeof *cells);
    }
    return cells;
}

enum status graph_links_new(int64_t n, int32_t levels, int32_t m, struct graph_links *out) {
    *out = (struct graph_links){.n = n, .levels = levels, .entry = -1};
    if (levels > GRAPH_LEVELS) {
        return status_set(ST_INPUT, "graph: %d levels: at most %d can be exported", (int)levels,
                          (int)GRAPH_LEVELS);
    }
    out->level = filled(n, 1, 0);
    enum status st = out->level == NULL ? ST_SYSTEM : ST_OK;
    for (int32_t l = 0; l < levels && st == ST_OK; l++) {
        out->width[l] = l == 0 ? 2 * m : m;
        out->links[l] = filled(n, out->width[l], 0xFF);
        st = out->links[l] == NULL ? ST_SYSTEM : ST_OK;
    }
    if (st != ST_OK) {
        graph_links_free(out);
    }
    return st;
}

void graph_links_free(struct graph_links *l) {
    for (int32_t i = 0; i < l->levels && i < GRAPH_LEVELS; i++) {
        mem_free(l->links[i]);
    }
    mem_free(l->level);
    *l = (struct graph_links){.entry = -1};
}
