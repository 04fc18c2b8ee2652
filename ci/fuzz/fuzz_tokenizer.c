/* Text of any bytes through a small vocabulary: every byte comes back. */
#include <string.h>

#include "../../datasets/tokenizer.h"
#include "../../harness/base/memory.h"
#include "fuzz.h"

#define TEXT(s)                                                                                    \
    { .data = (s), .size = sizeof(s) - 1 }

/* In GPT-2's alphabet of bytes: c4 a0 is the space, c3 83 and c2 a9 are the bytes c3 and a9. */
static const struct gguf_text tokens[] = {TEXT("<|end|>"),
                                          TEXT("<|end|>!"),
                                          TEXT("<user>"),
                                          TEXT("a"),
                                          TEXT("b"),
                                          TEXT("\xc4\xa0"),
                                          TEXT("'"),
                                          TEXT("s"),
                                          TEXT("1"),
                                          TEXT("<"),
                                          TEXT("\xc3\x83"),
                                          TEXT("\xc2\xa9"),
                                          TEXT("ab"),
                                          TEXT("aa"),
                                          TEXT("\xc4\xa0"
                                               "ab"),
                                          TEXT("aaaa"),
                                          TEXT("'s"),
                                          TEXT("\xc3\x83\xc2\xa9"),
                                          TEXT("<<")};
static const int64_t types[] = {3, 3, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static const struct gguf_text merges[] = {TEXT("a b"),   TEXT("a a"), TEXT("\xc4\xa0 ab"),
                                          TEXT("aa aa"), TEXT("' s"), TEXT("\xc3\x83 \xc2\xa9"),
                                          TEXT("< <")};

static struct tokenizer *make(const char *pre) {
    struct tokenizer *t;
    const struct tokenizer_parts parts = {.label = "case",
                                          .pre = {pre, strlen(pre)},
                                          .tokens = tokens,
                                          .token_count = sizeof tokens / sizeof *tokens,
                                          .types = types,
                                          .merges = merges,
                                          .merge_count = sizeof merges / sizeof *merges};
    fuzz_require(tokenizer_make(&parts, &t) == ST_OK, "the vocabulary is refused");
    return t;
}

static void there_and_back(const struct tokenizer *t, const uint8_t *data, size_t size,
                           unsigned flags) {
    int32_t *ids;
    char *back;
    size_t count, length;
    if (!fuzz_answer(tokenizer_encode(t, data, size, flags, &ids, &count), ST_INPUT))
        return;
    fuzz_require(tokenizer_decode(t, ids, count, &back, &length) == ST_OK, "ids not decoded");
    if ((flags & TOKENIZER_KEEP_BYTES) != 0)
        fuzz_require(length == size && memcmp(back, data, size) == 0, "another text comes back");
    else /* special tokens may hold bytes that have no token of their own */
        fuzz_require(length <= size && length + tokenizer_missing(t, data, size) >= size,
                     "more bytes left out than are missing");
    mem_free(ids);
    mem_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const kinds[] = {"smollm", "gpt-2"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct tokenizer *t = make(kinds[i]);
        there_and_back(t, data, size, TOKENIZER_KEEP_BYTES);
        there_and_back(t, data, size, TOKENIZER_KEEP_BYTES | TOKENIZER_SPECIAL);
        there_and_back(t, data, size, TOKENIZER_SPECIAL);
        tokenizer_free(t);
    }
    return 0;
}
