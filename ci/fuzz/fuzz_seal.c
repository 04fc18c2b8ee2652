/* The text of a seal: what is accepted is written back byte for byte. */
#include <string.h>

#include "../../harness/seal/seal.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct seal seal;
    char text[SEAL_MAX_BYTES];
    if (!fuzz_answer(seal_parse((const char *)data, size, "case", &seal), ST_RECORD))
        return 0;
    fuzz_require(seal_format(&seal, text) == size && memcmp(text, data, size) == 0,
                 "an accepted seal that is written differently");
    return 0;
}
