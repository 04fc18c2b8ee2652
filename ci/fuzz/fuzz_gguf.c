/* GGUF: every value and every row of an accepted file is asked for, and a tokenizer made of it. */
#include <math.h>
#include <string.h>

#include "../../datasets/gguf.h"
#include "../../datasets/tokenizer.h"
#include "../../harness/base/memory.h"
#include "fuzz.h"

static void check_text(const struct gguf_text *text, const uint8_t *data, size_t size) {
    const uint8_t *start = (const uint8_t *)text->data;
    fuzz_require(text->size == 0 || (start >= data && text->size <= size &&
                                     (size_t)(start - data) <= size - text->size),
                 "a text outside the file");
}

/* A key as each kind there is: one of them at most can be right. */
static void ask(const struct gguf *g, const char *key, const uint8_t *data, size_t size) {
    struct gguf_text text, *texts;
    int64_t number, *numbers;
    double real;
    bool truth;
    size_t count;
    if (fuzz_answer(gguf_string(g, key, &text), ST_INPUT))
        check_text(&text, data, size);
    if (fuzz_answer(gguf_integer(g, key, -5, 1000, &number), ST_INPUT))
        fuzz_require(number >= -5 && number <= 1000, "an integer outside what was asked for");
    if (fuzz_answer(gguf_real(g, key, &real), ST_INPUT))
        fuzz_require(isfinite(real), "a number that is not finite");
    fuzz_answer(gguf_bool(g, key, &truth), ST_INPUT);
    if (fuzz_answer(gguf_strings(g, key, &texts, &count), ST_INPUT)) {
        for (size_t i = 0; i < count; i++)
            check_text(&texts[i], data, size);
        mem_free(texts);
    }
    if (fuzz_answer(gguf_integers(g, key, &numbers, &count), ST_INPUT))
        mem_free(numbers);
}

static void check_tensor(const struct gguf_tensor *t, const uint8_t *data, size_t size) {
    check_text(&t->name, data, size);
    check_text(&(struct gguf_text){(const char *)t->bytes, t->size}, data, size);
    const uint64_t rows = t->dims[1] * t->dims[2] * t->dims[3];
    float *row = mem_alloc_array((size_t)t->dims[0], sizeof *row);
    fuzz_require(row != NULL, "a row too large for memory in a small file");
    for (uint64_t i = 0; i < rows; i++)
        gguf_rows(t, i, 1, row);
    mem_free(row);
}

static void tokenize(const struct gguf *g) {
    static const char text[] = "<|im_start|>It's 12 a\xc3\xa9 \xff\n";
    struct tokenizer *t;
    int32_t *ids;
    char *back;
    size_t count, length;
    if (!fuzz_answer(tokenizer_new(g, &t), ST_INPUT))
        return;
    fuzz_require(tokenizer_encode(t, text, sizeof text, TOKENIZER_SPECIAL | TOKENIZER_KEEP_BYTES,
                                  &ids, &count) == ST_OK,
                 "a text that cannot be encoded");
    fuzz_require(tokenizer_decode(t, ids, count, &back, &length) == ST_OK, "ids not decoded");
    fuzz_require(length == sizeof text && memcmp(back, text, length) == 0,
                 "another text after encoding and decoding");
    mem_free(ids);
    mem_free(back);
    tokenizer_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const keys[] = {"general.architecture",
                                       "tokenizer.ggml.tokens",
                                       "tokenizer.ggml.token_type",
                                       "tokenizer.ggml.merges",
                                       "i8",
                                       "f64",
                                       "yes"};
    struct gguf *g;
    if (!fuzz_answer(gguf_parse(data, size, "case", &g), ST_INPUT)) {
        fuzz_require(g == NULL, "a file left behind by a refusal");
        return 0;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        ask(g, keys[i], data, size);
    for (size_t i = 0; i < gguf_tensor_count(g); i++)
        check_tensor(gguf_tensor_at(g, i), data, size);
    tokenize(g);
    gguf_close(g);
    return 0;
}
