/* NumPy's .npy. */
#include "../../datasets/formats.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view view;
    if (fuzz_answer(npy_parse(data, size, "case", &view), ST_INPUT))
        fuzz_view(&view, data, size);
    return 0;
}
