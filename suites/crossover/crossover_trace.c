/* A trace longer than the committed one, captured from the language model where its weights are. */
#include "../../harness/base/cpu.h"
#include "../lm/lm_capture.h"
#include "../lm/lm_source.h"
#include "crossover.h"

static enum status capture(const struct lm_source *lm, struct trace *out) {
    const struct text_plan plan = {
        .part = TEXT_EVALUATION, .length = CROSSOVER_CAPTURED_TOKENS, .most = 1};
    struct text_sequences text = {0};
    struct lm_session *session = NULL;
    enum status st = lm_source_sequences(lm, &plan, &text);
    st = st == ST_OK ? lm_session_new(lm->model, CROSSOVER_CAPTURED_TOKENS, cpu_count(), &session)
                     : st;
    if (st == ST_OK) {
        run_note(lm->run, "crossover: capturing %d tokens", CROSSOVER_CAPTURED_TOKENS);
        st = lm_capture(session, text.ids, CROSSOVER_CAPTURED_TOKENS, out);
    }
    lm_session_free(session);
    text_sequences_free(&text);
    return st;
}

enum status crossover_trace_capture(struct run *run, struct trace *out) {
    struct lm_source lm;
    enum status st = lm_source_open(run, cpu_count(), &lm);
    if (st == ST_OK) {
        st = capture(&lm, out);
        lm_source_close(&lm);
    }
    return st;
}
