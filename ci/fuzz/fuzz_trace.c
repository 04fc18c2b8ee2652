/* Packed trees as traces of attention: an accepted one is written back with the same values. */
#include <string.h>

#include "../../datasets/trace.h"
#include "../../harness/record/record.h"
#include "../../harness/record/tree_pack.h"
#include "fuzz.h"

static void write_back(const struct trace *t, const struct tree *from) {
    struct tree *root;
    char first[DIGEST_HEX], second[DIGEST_HEX];
    fuzz_require(trace_to_tree(t, &root) == ST_OK, "read, but cannot be written");
    tree_digest(tree_find(from, "outputs"), first);
    tree_digest(tree_find(root, "outputs"), second);
    fuzz_require(strcmp(first, second) == 0, "other values when it is written again");
    tree_free(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tree *root;
    struct trace t;
    if (tree_unpack(data, size, "case", &root) != ST_OK)
        return 0;
    if (fuzz_answer(trace_from_tree(root, "case", &t), ST_INPUT)) {
        write_back(&t, root);
        trace_free(&t);
    } else {
        fuzz_require(t.k == NULL && t.positions == NULL, "values left behind by a refusal");
    }
    tree_free(root);
    return 0;
}
