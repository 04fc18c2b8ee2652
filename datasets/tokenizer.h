/* Byte-level byte-pair encoding with a GGUF file's own vocabulary, merges and pre-tokenizer.
 *
 * Text is any bytes.  It is cut into special tokens (where asked) and the text between; that into
 * stretches of well-formed UTF-8 and stretches of bytes that belong to no well-formed character;
 * the former by the model's pre-tokenizer into words.  A stretch of broken bytes is one word.  In a
 * word, starting from single bytes, the neighbouring pair of the lowest merge rank, the leftmost of
 * several, is merged until none is left: O(n log n) in the length of the word.
 *
 * A vocabulary may lack single bytes (SmolLM2's lacks 21: six control characters, and bytes that
 * rare planes or no UTF-8 use).  By default they are left out before merging, as the public
 * `tokenizers` package does; with TOKENIZER_KEEP_BYTES each becomes the id -1 - BYTE, no model's
 * input, and decoding gives back every byte of any text.
 */
#ifndef ATTEST_DATASETS_TOKENIZER_H
#define ATTEST_DATASETS_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "../harness/base/status.h"
#include "gguf.h"

/* Longest text of one call: a word of this length takes 32 bytes of scratch a byte. */
#define TOKENIZER_MAX_BYTES ((size_t)64 << 20)

enum {
    TOKENIZER_SPECIAL = 1,   /* control tokens ("<|im_start|>") are recognised in the text */
    TOKENIZER_KEEP_BYTES = 2 /* a byte without a token becomes -1 - BYTE */
};

/* Token types as GGUF numbers them; the others are ordinary text here. */
enum { TOKEN_NORMAL = 1, TOKEN_CONTROL = 3, TOKEN_USER_DEFINED = 4 };

/* What a tokenizer is made from; borrowed for the call. */
struct tokenizer_parts {
    const char *label;              /* of the file, safe to print */
    struct gguf_text pre;           /* name of the pre-tokenizer: "smollm", "gpt-2" */
    const struct gguf_text *tokens; /* (token_count); ordinary ones in GPT-2's alphabet of bytes */
    size_t token_count;
    const int64_t *types;           /* (token_count), or NULL: all ordinary */
    const struct gguf_text *merges; /* (merge_count) "LEFT RIGHT", the first merges first */
    size_t merge_count;
};

struct tokenizer;

/* From the metadata tokenizer.ggml.{model,pre,tokens,token_type,merges}.  The file may be closed
 * afterwards.  ST_INPUT with one line: not byte-level BPE, unknown pre-tokenizer, a token or merge
 * twice, a merge of something outside the vocabulary. */
enum status tokenizer_new(const struct gguf *g, struct tokenizer **out);

/* As tokenizer_new from parts in memory. */
enum status tokenizer_make(const struct tokenizer_parts *parts, struct tokenizer **out);

/* NULL is allowed. */
void tokenizer_free(struct tokenizer *t);

/* Number of tokens: ids are below it. */
int32_t tokenizer_size(const struct tokenizer *t);

/* Ids of (bytes, size); flags are a sum of TOKENIZER_*.  No token is added in front or behind.
 * Tokens of type user-defined are always recognised, control tokens with TOKENIZER_SPECIAL; where
 * several start, the longest.  *ids is the caller's (mem_free).  ST_INPUT: longer than
 * TOKENIZER_MAX_BYTES; ST_SYSTEM. */
enum status tokenizer_encode(const struct tokenizer *t, const void *bytes, size_t size,
                             unsigned flags, int32_t **ids, size_t *count);

/* The bytes that ids stand for, special tokens as their text; *bytes is the caller's (mem_free) and
 * has a zero byte behind it.  ST_INPUT: an id outside the vocabulary. */
enum status tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t count,
                             char **bytes, size_t *size);

/* How many of the bytes have no token of their own, and so are left out by default. */
size_t tokenizer_missing(const struct tokenizer *t, const void *bytes, size_t size);

#endif
