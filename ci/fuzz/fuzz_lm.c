/* Language models: what is loaded computes a few tokens, whatever its weights and sizes are. */
#include "../../harness/base/memory.h"
#include "../../suites/lm/lm.h"
#include "fuzz.h"

static void forward(const struct lm_model *m) {
    enum { TOKENS = 3 };
    const struct lm_shape *s = lm_shape(m);
    const int32_t ids[TOKENS] = {0, s->vocabulary - 1, s->vocabulary / 2};
    struct lm_session *session;
    float *hidden = mem_alloc_array(TOKENS, (size_t)s->hidden * sizeof *hidden);
    float *logits = mem_alloc_array(TOKENS, (size_t)s->vocabulary * sizeof *logits);
    fuzz_require(hidden != NULL && logits != NULL, "no memory for a small model");
    fuzz_require(lm_session_new(m, TOKENS, 1, &session) == ST_OK, "no session of a small model");
    if (fuzz_answer(lm_forward(session, NULL, ids, NULL, TOKENS, hidden), ST_INPUT))
        lm_logits(m, hidden, TOKENS, 1, logits);
    lm_session_free(session);
    mem_free(hidden);
    mem_free(logits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct gguf *g;
    struct lm_model *m;
    if (gguf_parse(data, size, "case", &g) != ST_OK)
        return 0;
    if (fuzz_answer(lm_load(g, 1, &m), ST_INPUT)) {
        forward(m);
        lm_free(m);
    }
    gguf_close(g);
    return 0;
}
