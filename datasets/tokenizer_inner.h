/* The tokenizer's inside: what its source files share. */
#ifndef ATTEST_DATASETS_TOKENIZER_INNER_H
#define ATTEST_DATASETS_TOKENIZER_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../harness/base/status.h"
#include "tokenizer.h"

enum { NO_TOKEN = -1 };
#define NO_RANK UINT32_MAX

/* --- merges (tokenizer_merges.c): (left, right) -> rank, by open addressing ------------------- */

struct merge_slot {
    int32_t left, right;
    uint32_t rank; /* NO_RANK: empty */
};

struct merges {
    struct merge_slot *slots;
    size_t mask;     /* slots - 1, a power of two less one */
    int32_t *merged; /* by rank: the token that a pair becomes */
};

/* Room for `count` merges; merges_free releases it, also after a failure. */
enum status merges_init(struct merges *m, size_t count);
void merges_free(struct merges *m);

/* The pair's rank; NO_RANK if it is never merged. */
uint32_t merges_rank(const struct merges *m, int32_t left, int32_t right);

/* False: the pair is there already. */
bool merges_add(struct merges *m, int32_t left, int32_t right, int32_t merged, uint32_t rank);

/* --- vocabulary (tokenizer_vocabulary.c) ------------------------------------------------------ */

struct vocabulary {
    int32_t count;
    size_t *starts;       /* (count + 1): token i is bytes [starts[i], starts[i + 1]) */
    unsigned char *bytes; /* what the tokens stand for, one after another */
    int32_t of_byte[256]; /* token of a single byte, or NO_TOKEN */
    int32_t *special;     /* (special_count) tokens recognised as text, sorted by their bytes */
    bool *control;        /* (special_count) only with TOKENIZER_SPECIAL */
    size_t special_count;
    bool special_first[256]; /* some special token starts with this byte */
    struct merges merges;
};

enum status vocabulary_init(struct vocabulary *v, const struct tokenizer_parts *parts);
void vocabulary_free(struct vocabulary *v);

/* Longest special token at the start of (bytes, size); NO_TOKEN if there is none. */
int32_t vocabulary_special(const struct vocabulary *v, const unsigned char *bytes, size_t size,
                           bool control);

/* --- words (tokenizer_split.c) ---------------------------------------------------------------- */

struct splitter;

/* Called with the words in order; another status than ST_OK ends the splitting. */
typedef enum status word_function(void *context, const unsigned char *word, size_t size);

enum status splitter_new(const char *label, struct gguf_text pre, struct splitter **out);
void splitter_free(struct splitter *s);
enum status splitter_run(const struct splitter *s, const unsigned char *text, size_t size,
                         word_function *word, void *context);

/* --- one word (tokenizer_word.c) -------------------------------------------------------------- */

/* Memory that words share; zero it at first. */
struct word_scratch {
    struct word_symbol *symbols;
    uint64_t *heap;
    size_t capacity;
};

void word_scratch_free(struct word_scratch *s);

/* Writes the word's ids (at most `size`) and adds their number to *count. */
enum status word_encode(const struct vocabulary *v, const unsigned char *word, size_t size,
                        bool keep_bytes, struct word_scratch *scratch, int32_t *ids, size_t *count);

#endif
