/* The projections that the repository has; their bytes are carried inside the program. */
#include <string.h>

#include "../harness/record/record.h"
#include "carried.h"
#include "projections.h"

/* A checkout may be without them: they are made by this program. */
#define ABSENT(name)                                                                               \
    static const char name[1];                                                                     \
    static const uint64_t name##_size

#if __has_include("projections/smollm2.h5")
CARRY(attest_projections, "datasets/projections/smollm2.h5");
#else
ABSENT(attest_projections);
#endif

#if __has_include("projections/smollm2-variants.h5")
CARRY(attest_projection_variants, "datasets/projections/smollm2-variants.h5");
#else
ABSENT(attest_projection_variants);
#endif

static enum status decode(const char *bytes, uint64_t size, struct projections *out) {
    static const char label[] = "the projections";
    struct tree *root;
    *out = (struct projections){.set_count = 0};
    enum status st = record_decode(bytes, (size_t)size, label, &root);
    if (st == ST_OK) {
        st = projections_from_tree(root, label, out);
        tree_free(root);
    }
    return st;
}

/* Moves the sets of `from` behind those of `to`. */
static enum status join(struct projections *to, struct projections *from) {
    if (strcmp(to->plan.model_digest, from->plan.model_digest) != 0 ||
        strcmp(to->plan.text_digest, from->plan.text_digest) != 0 ||
        to->plan.steps != from->plan.steps || to->plan.batch != from->plan.batch ||
        to->set_count + from->set_count > PROJECTIONS_SETS) {
        return status_set(ST_INPUT, "the projections: the two files of datasets/projections are of "
                                    "different plans; make both anew with attest train");
    }
    memcpy(to->sets + to->set_count, from->sets, (size_t)from->set_count * sizeof *from->sets);
    to->set_count += from->set_count;
    from->set_count = 0;
    char both[2 * sizeof to->digest];
    memcpy(both, to->digest, sizeof to->digest);
    memcpy(both + sizeof to->digest, from->digest, sizeof from->digest);
    digest_hex(both, sizeof both, to->digest);
    return ST_OK;
}

enum status projections_committed(struct projections *out) {
    *out = (struct projections){.set_count = 0};
    if (attest_projections_size == 0) {
        return status_set(ST_SKIP,
                          "this build carries no search projections: make them with attest "
                          "train --out datasets/projections/smollm2.h5 and build again");
    }
    enum status st = decode(attest_projections, attest_projections_size, out);
    if (st == ST_OK && attest_projection_variants_size > 0) {
        struct projections more;
        st = decode(attest_projection_variants, attest_projection_variants_size, &more);
        st = st == ST_OK ? join(out, &more) : st;
        projections_free(&more);
    }
    if (st != ST_OK) {
        projections_free(out);
    }
    return st;
}
