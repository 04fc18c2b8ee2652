/* IDX, plain or packed by gzip: what the first two bytes say. */
#include "../../datasets/formats.h"
#include "../../harness/base/memory.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view view;
    if (size < 2 || data[0] != 0x1f || data[1] != 0x8b) {
        if (fuzz_answer(idx_parse(data, size, "case", &view), ST_INPUT))
            fuzz_view(&view, data, size);
        return 0;
    }
    void *plain;
    size_t plain_size;
    const enum status st = idx_inflate(data, size, "case", &plain, &plain_size);
    if (!fuzz_answer(st, ST_INPUT)) {
        fuzz_require(plain == NULL, "bytes left behind by a refusal");
        return 0;
    }
    /* Its size was taken from the header, so the header must be found good again. */
    fuzz_require(idx_parse(plain, plain_size, "case", &view) == ST_OK, "unpacked, then refused");
    fuzz_view(&view, plain, plain_size);
    mem_free(plain);
    return 0;
}
