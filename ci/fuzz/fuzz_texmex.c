/* The same bytes as fvecs and as bvecs. */
#include "../../datasets/formats.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view view;
    if (fuzz_answer(fvecs_parse(data, size, "case", &view), ST_INPUT))
        fuzz_view(&view, data, size);
    if (fuzz_answer(bvecs_parse(data, size, "case", &view), ST_INPUT))
        fuzz_view(&view, data, size);
    return 0;
}
