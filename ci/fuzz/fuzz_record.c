/* Records: what is accepted is written again with the same content. */
#include <stdlib.h>
#include <string.h>

#include "../../harness/record/record.h"
#include "fuzz.h"

static void encode_again(const struct tree *root) {
    void *bytes;
    size_t size;
    struct tree *back;
    char first[DIGEST_HEX], second[DIGEST_HEX];
    fuzz_require(record_encode(root, &bytes, &size) == ST_OK, "accepted, but cannot be written");
    fuzz_require(record_decode(bytes, size, "again", &back) == ST_OK, "written, but refused");
    tree_digest(root, first);
    tree_digest(back, second);
    fuzz_require(strcmp(first, second) == 0, "other content when it is written again");
    tree_free(back);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tree *root;
    const enum status st = fuzz_in_process() ? record_decode(data, size, "case", &root)
                                             : record_decode_contained(data, size, "case", &root);
    fuzz_hdf5_closed();
    if (!fuzz_answer(st, ST_RECORD)) {
        fuzz_require(root == NULL, "a tree left behind by a refusal");
        return 0;
    }
    encode_again(root);
    tree_free(root);
    return 0;
}
