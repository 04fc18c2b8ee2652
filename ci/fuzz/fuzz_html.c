/* Prose out of HTML: never longer than the page, and well-formed UTF-8. */
#include <stdlib.h>

#include "../../datasets/html_text.h"
#include "../../datasets/utf8.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t length = 0;
    uint32_t code;
    /* Exactly the room that the header asks for. */
    char *out = malloc(size);
    if (out == NULL && size > 0)
        return 0;
    if (fuzz_answer(html_text("case", (const char *)data, size, out, &length), ST_INPUT)) {
        fuzz_require(length <= size, "more prose than page");
        for (size_t at = 0, taken; at < length; at += taken) {
            taken = utf8_take((const unsigned char *)out + at, length - at, &code);
            fuzz_require(taken > 0, "prose that is no UTF-8");
        }
    }
    free(out);
    return 0;
}
