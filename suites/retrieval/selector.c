/* The list compiled into a table, as in suites/registry.c. */
#include "selector.h"

#include <stddef.h>
#include <string.h>

#define SELECTOR(name) SELECTOR_ID_##name,
enum selector_id {
#include "selectors.h"
    SELECTOR_COUNT
};
#undef SELECTOR

#define SELECTOR(name) extern const struct selector selector_##name;
#include "selectors.h"
#undef SELECTOR

const struct selector *const selectors[SELECTOR_COUNT + 1] = {
#define SELECTOR(name) [SELECTOR_ID_##name] = &selector_##name,
#include "selectors.h"
#undef SELECTOR
};

const struct selector *selector_find(const char *name) {
    for (size_t i = 0; selectors[i] != NULL; i++) {
        if (strcmp(selectors[i]->name, name) == 0) {
            return selectors[i];
        }
    }
    return NULL;
}

struct selector_params selector_defaults(void) {
    return (struct selector_params){
        .page = 16, .sinks = 4, .graph = "graph/faiss", .m = 32, .ef_construction = 40, .ef = 64};
}
