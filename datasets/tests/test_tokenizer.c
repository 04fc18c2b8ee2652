/* Byte-level BPE: a vocabulary made here, a naive merger as oracle, and ids of another program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../harness/base/memory.h"
#include "../manifest.h"
#include "../rng.h"
#include "../tokenizer.h"
#include "gguf_build.h"
#include "support.h"

/* --- a vocabulary made here --- */

/* In GPT-2's alphabet: U+0120 is the space, U+010A the line feed; e-acute is c3 a9 in UTF-8,
 * written A-tilde and copyright sign. */
#define G "\xc4\xa0"
#define C3 "\xc3\x83"
#define A9 "\xc2\xa9"
#define TEXT(s)                                                                                    \
    { .data = (s), .size = sizeof(s) - 1 }

static const struct gguf_text tiny_tokens[] = {TEXT("<|end|>"),
                                               TEXT("<|end|>!"),
                                               TEXT("<user>"),
                                               TEXT("a"),
                                               TEXT("b"),
                                               TEXT("c"),
                                               TEXT(G),
                                               TEXT(C3),
                                               TEXT(A9),
                                               TEXT("'"),
                                               TEXT("s"),
                                               TEXT("1"),
                                               TEXT("\xc4\x8a"),
                                               TEXT("ab"),
                                               TEXT("bc"),
                                               TEXT("aa"),
                                               TEXT(G "ab"),
                                               TEXT(C3 A9),
                                               TEXT("\xf0\x9f\x98\x80"),
                                               TEXT("'s"),
                                               TEXT("aaaa"),
                                               TEXT("11"),
                                               TEXT("<"),
                                               TEXT("aab"),
                                               TEXT("<<")};

enum {
    END,
    END_BANG,
    USER,
    A,
    B,
    C,
    SPACE,
    LEAD,
    TAIL,
    QUOTE,
    S,
    ONE,
    NEWLINE,
    AB,
    BC,
    AA,
    SPACE_AB,
    ACUTE,
    FACE,
    QUOTE_S,
    AAAA,
    ONE_ONE,
    LESS,
    AAB,
    LESS_LESS
};

static const int64_t tiny_types[] = {3, 3, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                     1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static const struct gguf_text tiny_merges[] = {
    TEXT("b c"), TEXT("a b"),   TEXT("a a"), TEXT(G " ab"), TEXT(C3 " " A9),
    TEXT("' s"), TEXT("aa aa"), TEXT("1 1"), TEXT("aa b"),  TEXT("< <")};

static struct tokenizer_parts tiny_parts(void) {
    return (struct tokenizer_parts){.label = "tiny",
                                    .pre = TEXT("smollm"),
                                    .tokens = tiny_tokens,
                                    .token_count = sizeof tiny_tokens / sizeof *tiny_tokens,
                                    .types = tiny_types,
                                    .merges = tiny_merges,
                                    .merge_count = sizeof tiny_merges / sizeof *tiny_merges};
}

static struct tokenizer *tiny(void) {
    const struct tokenizer_parts parts = tiny_parts();
    struct tokenizer *t;
    assert_int_equal(tokenizer_make(&parts, &t), ST_OK);
    return t;
}

/* Text of `size` bytes gives exactly these ids. */
static void expect(const struct tokenizer *t, const char *text, size_t size, unsigned flags,
                   const int32_t *wanted, size_t wanted_count) {
    int32_t *ids;
    size_t count;
    assert_int_equal(tokenizer_encode(t, text, size, flags, &ids, &count), ST_OK);
    assert_int_equal(count, wanted_count);
    assert_memory_equal(ids, wanted, count * sizeof *ids);
    mem_free(ids);
}

#define IDS(...) (const int32_t[]){__VA_ARGS__}, sizeof(int32_t[]){__VA_ARGS__} / sizeof(int32_t)
#define EXPECT(t, text, flags, ...) expect(t, text, sizeof(text) - 1, flags, IDS(__VA_ARGS__))

static void lowest_rank_then_leftmost_is_merged(void **state) {
    (void)state;
    struct tokenizer *t = tiny();
    EXPECT(t, "abc", 0, A, BC);
    EXPECT(t, "aaa", 0, AA, A);
    EXPECT(t, "aaaaa", 0, AAAA, A);
    EXPECT(t, "aaab", 0, AA, AB); /* a b comes before aa b */
    EXPECT(t, "ab ab", 0, AB, SPACE_AB);
    EXPECT(t, "\xc3\xa9", 0, ACUTE);
    expect(t, "", 0, 0, NULL, 0);
    tokenizer_free(t);
}

/* 1 and 1 would merge inside one word; white space in front of a digit stays whole. */
static void words_are_those_of_the_pre_tokenizer(void **state) {
    (void)state;
    struct tokenizer_parts parts = tiny_parts();
    struct tokenizer *t = tiny();
    EXPECT(t, "11", 0, ONE, ONE);
    EXPECT(t, " 1", 0, SPACE, ONE);
    EXPECT(t, "a's", 0, A, QUOTE_S);
    EXPECT(t, "a  ab", 0, A, SPACE, SPACE_AB);
    EXPECT(t, "\n\na", 0, NEWLINE, NEWLINE, A);
    tokenizer_free(t);
    parts.pre = (struct gguf_text)TEXT("gpt-2");
    assert_int_equal(tokenizer_make(&parts, &t), ST_OK);
    EXPECT(t, "11", 0, ONE_ONE);
    tokenizer_free(t);
}

static void special_tokens_only_where_asked(void **state) {
    (void)state;
    struct tokenizer *t = tiny();
    /* The vocabulary has no bytes for "|end>". */
    EXPECT(t, "a<|end|>b", 0, A, LESS, B);
    EXPECT(t, "a<|end|>b", TOKENIZER_SPECIAL, A, END, B);
    EXPECT(t, "a<|end|>!b", TOKENIZER_SPECIAL, A, END_BANG, B); /* the longest */
    EXPECT(t, "<<|end|><|end|", TOKENIZER_SPECIAL, LESS, END, LESS);
    EXPECT(t, "a<user>b", 0, A, USER, B); /* user-defined: always */
    tokenizer_free(t);
}

static void bytes_without_a_token(void **state) {
    (void)state;
    struct tokenizer *t = tiny();
    EXPECT(t,
           "\xff"
           "a",
           0, A);
    EXPECT(t,
           "\xff"
           "a\0b",
           TOKENIZER_KEEP_BYTES, -256, A, -1, B);
    assert_int_equal(tokenizer_missing(t,
                                       "\xff"
                                       "a\0b",
                                       4),
                     2);
    /* Left out before merging: the parts left and right of them meet. */
    EXPECT(t, "<\x7f<", 0, LESS_LESS);
    EXPECT(t, "<\x7f<", TOKENIZER_KEEP_BYTES, LESS, -128, LESS);
    tokenizer_free(t);
}

/* Bytes of no well-formed character are a word of their own: c3 merges with a9 only in a word. */
static void broken_bytes_are_words(void **state) {
    (void)state;
    struct tokenizer *t = tiny();
    EXPECT(t,
           "a\xc3"
           "b",
           0, A, LEAD, B);
    EXPECT(t, "a\xc3\xc3\xa9", 0, A, LEAD, ACUTE);
    EXPECT(t, "\xa9\xc3", 0, TAIL, LEAD);
    EXPECT(t, "\xc3", 0, LEAD);
    EXPECT(t, "\xed\xa0\x80", TOKENIZER_KEEP_BYTES, -0xee, -0xa1, -0x81); /* a surrogate */
    /* No characters, or they would be of one word with their neighbours: a surrogate, a form too
     * long, a code point behind the last. */
    EXPECT(t, "<\xed\xa0\x80<", 0, LESS, LESS);
    EXPECT(t, "<\xe0\x80\xaf<", 0, LESS, LESS);
    EXPECT(t, "<\xf4\x90\x80\x80<", 0, LESS, LESS);
    EXPECT(t, "<\xef\xbf\xbd<", 0, LESS_LESS); /* U+FFFD is one */
    tokenizer_free(t);
}

static void ids_outside_the_vocabulary_are_refused(void **state) {
    (void)state;
    struct tokenizer *t = tiny();
    char *bytes;
    size_t size;
    const int32_t ids[] = {END, FACE, SPACE_AB, -256, AAB};
    assert_int_equal(tokenizer_decode(t, ids, 5, &bytes, &size), ST_OK);
    assert_int_equal(size, 7 + 4 + 3 + 1 + 3);
    assert_memory_equal(bytes,
                        "<|end|>\xf0\x9f\x98\x80 ab\xff"
                        "aab",
                        size + 1);
    mem_free(bytes);
    assert_int_equal(tokenizer_size(t), LESS_LESS + 1);
    assert_refused(tokenizer_decode(t, IDS(A, 25), &bytes, &size), "token 1", "id 25");
    assert_refused(tokenizer_decode(t, IDS(-257), &bytes, &size), "token 0", "id -257");
    tokenizer_free(t);
}

static void refuse_parts(const struct tokenizer_parts *parts, const char *what) {
    struct tokenizer *t;
    assert_refused(tokenizer_make(parts, &t), "tiny", what);
    assert_null(t);
}

static void broken_vocabularies_are_refused(void **state) {
    static const struct gguf_text twice[] = {TEXT("a"), TEXT("b"), TEXT("a")};
    static const struct gguf_text merges[][2] = {{TEXT("b c"), TEXT("bc")},
                                                 {TEXT("b c"), TEXT("")},
                                                 {TEXT("b c"), TEXT("b x")},
                                                 {TEXT("b c"), TEXT("c b")},
                                                 {TEXT("b c"), TEXT("b c")}};
    static const char *what[] = {"merge 1 is not two tokens", "merge 1 is not two tokens",
                                 "merge 1 has a part or a result", "merge 1 has a part or a result",
                                 "merge 1 is there twice"};
    (void)state;
    struct tokenizer_parts parts = tiny_parts();
    parts.merge_count = 2;
    for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
        parts.merges = merges[i];
        refuse_parts(&parts, what[i]);
    }
    parts = tiny_parts();
    parts.pre = (struct gguf_text)TEXT("smoll");
    refuse_parts(&parts, "tokenizer.ggml.pre");
    parts = tiny_parts();
    parts.tokens = twice;
    parts.token_count = 3;
    refuse_parts(&parts, "have the same text");
    parts.token_count = 0;
    refuse_parts(&parts, "0 tokens");
}

/* --- against a naive merger --- */

enum { LETTERS = 4, MADE = 40, WORD = 60 };

struct random_vocabulary {
    char text[LETTERS + MADE][WORD];
    char merge[MADE][2 * WORD];
    int left[MADE], right[MADE], merged[MADE];
    struct gguf_text tokens[LETTERS + MADE], merges[MADE];
    int tokens_made, merges_made;
};

static uint32_t draw(uint64_t seed, uint32_t *at, uint32_t below) {
    uint32_t words[4];
    philox4x32((const uint32_t[]){(*at)++, 0, 0, 0}, (const uint32_t[]){(uint32_t)seed, 9}, words);
    return words[0] % below;
}

static int find_made(const struct random_vocabulary *v, const char *text) {
    int i = 0;
    while (i < v->tokens_made && strcmp(v->text[i], text) != 0) {
        i++;
    }
    return i;
}

static int has_merge(const struct random_vocabulary *v, int left, int right) {
    for (int i = 0; i < v->merges_made; i++) {
        if (v->left[i] == left && v->right[i] == right) {
            return i;
        }
    }
    return -1;
}

/* Joins two random tokens at a time; two merges may give one token, as in real vocabularies. */
static void make_vocabulary(struct random_vocabulary *v, uint64_t seed, uint32_t *at) {
    *v = (struct random_vocabulary){.tokens_made = LETTERS};
    for (int i = 0; i < LETTERS; i++) {
        v->text[i][0] = (char)('a' + i);
    }
    for (int tries = 0; tries < 200 && v->merges_made < MADE; tries++) {
        const int left = (int)draw(seed, at, (uint32_t)v->tokens_made);
        const int right = (int)draw(seed, at, (uint32_t)v->tokens_made);
        char joined[2 * WORD];
        snprintf(joined, sizeof joined, "%s%s", v->text[left], v->text[right]);
        if (strlen(joined) >= 8 || has_merge(v, left, right) >= 0) {
            continue;
        }
        const int merged = find_made(v, joined), m = v->merges_made++;
        snprintf(v->text[merged], WORD, "%.*s", WORD - 1, joined);
        v->tokens_made += merged == v->tokens_made;
        snprintf(joined, sizeof joined, "%s %s", v->text[left], v->text[right]);
        memcpy(v->merge[m], joined, sizeof joined);
        v->left[m] = left;
        v->right[m] = right;
        v->merged[m] = merged;
        v->merges[m] = (struct gguf_text){v->merge[m], strlen(v->merge[m])};
    }
    for (int i = 0; i < v->tokens_made; i++) {
        v->tokens[i] = (struct gguf_text){v->text[i], strlen(v->text[i])};
    }
}

/* Scans the whole word for the best pair, again and again. */
static size_t merge_naively(const struct random_vocabulary *v, int32_t *ids, size_t n) {
    for (;;) {
        int best = -1;
        size_t where = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            const int rank = has_merge(v, ids[i], ids[i + 1]);
            if (rank >= 0 && (best < 0 || rank < best)) {
                best = rank;
                where = i;
            }
        }
        if (best < 0) {
            return n;
        }
        ids[where] = v->merged[best];
        memmove(ids + where + 1, ids + where + 2, (n - where - 2) * sizeof *ids);
        n--;
    }
}

static void random_words_equal_the_naive_merger(void **state) {
    (void)state;
    static struct random_vocabulary v;
    uint32_t at = 0;
    size_t merged = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        make_vocabulary(&v, seed, &at);
        const struct tokenizer_parts parts = {.label = "random",
                                              .pre = TEXT("smollm"),
                                              .tokens = v.tokens,
                                              .token_count = (size_t)v.tokens_made,
                                              .merges = v.merges,
                                              .merge_count = (size_t)v.merges_made};
        struct tokenizer *t;
        assert_int_equal(tokenizer_make(&parts, &t), ST_OK);
        for (int round = 0; round < 50; round++) {
            char word[300];
            int32_t ids[300];
            const size_t size = 1 + draw(seed, &at, sizeof word);
            for (size_t i = 0; i < size; i++) {
                ids[i] = (int32_t)draw(seed, &at, LETTERS);
                word[i] = (char)('a' + ids[i]);
            }
            const size_t n = merge_naively(&v, ids, size);
            merged += size - n;
            expect(t, word, size, 0, ids, n);
        }
        tokenizer_free(t);
    }
    assert_true(merged > 10000);
}

/* --- hostile lengths --- */

/* 1 MB without a space, of one letter, of a pair that never merges, and of broken bytes: quadratic
 * work would run into the limit of a test's time. */
static void a_megabyte_of_one_letter(void **state) {
    enum { SIZE = 1 << 20 };
    static const struct {
        char first, second;
        size_t count;
        int32_t last;
    } runs[] = {{'a', 'a', SIZE / 4, AAAA}, {'a', 'c', SIZE, C},   {'\xa9', '\xa9', SIZE, TAIL},
                {' ', ' ', SIZE, SPACE},    {'1', '1', SIZE, ONE}, {'<', '<', SIZE / 2, LESS_LESS}};
    (void)state;
    struct tokenizer *t = tiny();
    char *text = malloc(SIZE);
    assert_non_null(text);
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
        for (size_t i = 0; i < SIZE; i += 2) {
            text[i] = runs[r].first;
            text[i + 1] = runs[r].second;
        }
        int32_t *ids;
        size_t count;
        assert_int_equal(tokenizer_encode(t, text, SIZE, TOKENIZER_SPECIAL, &ids, &count), ST_OK);
        assert_int_equal(count, runs[r].count);
        assert_int_equal(ids[count - 1], runs[r].last);
        mem_free(ids);
    }
    free(text);
    tokenizer_free(t);
}

/* Any bytes come back when those without a token are kept. */
static void round_trip(const struct tokenizer *t, const unsigned char *text, size_t size,
                       unsigned flags) {
    int32_t *ids;
    char *back;
    size_t count, back_size;
    assert_int_equal(tokenizer_encode(t, text, size, flags | TOKENIZER_KEEP_BYTES, &ids, &count),
                     ST_OK);
    assert_int_equal(tokenizer_decode(t, ids, count, &back, &back_size), ST_OK);
    assert_int_equal(back_size, size);
    assert_memory_equal(back, text, size);
    mem_free(ids);
    mem_free(back);
}

static void round_trips(const struct tokenizer *t) {
    /* Bytes; bytes that UTF-8 is made of; ASCII. */
    static const unsigned char leads[] = {0xc3, 0xe2, 0xf0, 0xed, 0xf4, 0x80, 0x9f, 0xa9,
                                          0xbf, ' ',  'a',  '1',  '\n', '<',  '|',  0xff};
    uint32_t at = 0;
    for (int round = 0; round < 300; round++) {
        unsigned char text[400];
        const size_t size = draw(77, &at, sizeof text);
        for (size_t i = 0; i < size; i++) {
            const uint32_t r = draw(77, &at, 256);
            text[i] = round % 3 == 0   ? (unsigned char)r
                      : round % 3 == 1 ? leads[r % sizeof leads]
                                       : (unsigned char)(r % 128);
        }
        round_trip(t, text, size, round % 2 == 0 ? TOKENIZER_SPECIAL : 0);
    }
}

static void any_bytes_come_back(void **state) {
    (void)state;
    struct tokenizer *t = tiny();
    round_trips(t);
    tokenizer_free(t);
}

/* --- from a GGUF file --- */

/* The tiny vocabulary as a file; `key_of_types` is "" where types are left out. */
static struct gguf_build tiny_file(const char *model, const char *key_of_types, size_t type_count) {
    static unsigned char memory[8192];
    struct gguf_build b = {.data = memory, .room = sizeof memory};
    const struct tokenizer_parts parts = tiny_parts();
    gb_header(&b, 3, 0, *key_of_types == '\0' ? 4 : 5);
    gb_key_text(&b, "tokenizer.ggml.model", model);
    gb_key_text(&b, "tokenizer.ggml.pre", "smollm");
    gb_key_array(&b, "tokenizer.ggml.tokens", 8, parts.token_count);
    for (size_t i = 0; i < parts.token_count; i++) {
        gb_text(&b, parts.tokens[i].data);
    }
    gb_key_array(&b, "tokenizer.ggml.merges", 8, parts.merge_count);
    for (size_t i = 0; i < parts.merge_count; i++) {
        gb_text(&b, parts.merges[i].data);
    }
    if (*key_of_types != '\0') {
        gb_key_array(&b, key_of_types, 5, type_count);
        for (size_t i = 0; i < type_count; i++) {
            gb_u32(&b, (uint32_t)parts.types[i]);
        }
    }
    assert_false(b.full);
    return b;
}

static enum status open_tiny(const struct gguf_build *b, struct tokenizer **t) {
    struct gguf *g;
    assert_int_equal(gguf_parse(b->data, b->size, "tiny", &g), ST_OK);
    const enum status st = tokenizer_new(g, t);
    gguf_close(g);
    return st;
}

static void a_file_gives_its_tokenizer(void **state) {
    (void)state;
    struct tokenizer *t;
    struct gguf_build b = tiny_file("gpt2", "tokenizer.ggml.token_type", LESS_LESS + 1);
    assert_int_equal(open_tiny(&b, &t), ST_OK);
    memset(b.data, 0, b.size); /* the file is gone */
    EXPECT(t, "ab ab<|end|>", TOKENIZER_SPECIAL, AB, SPACE_AB, END);
    tokenizer_free(t);
    b = tiny_file("gpt2", "", 0); /* no types: all ordinary */
    assert_int_equal(open_tiny(&b, &t), ST_OK);
    EXPECT(t, "a<user>b", TOKENIZER_SPECIAL, A, LESS, S, B);
    tokenizer_free(t);
    b = tiny_file("llama", "", 0);
    assert_refused(open_tiny(&b, &t), "tiny", "tokenizer.ggml.model");
    b = tiny_file("gpt2", "tokenizer.ggml.token_type", LESS_LESS);
    assert_refused(open_tiny(&b, &t), "tiny", "25 tokens but 24 token types");
    assert_null(t);
}

/* --- the model's vocabulary, against another program --- */

static struct tokenizer *smollm2(void) {
    struct manifest_row row;
    char path[4096];
    struct gguf *g;
    struct tokenizer *t;
    assert_true(manifest_find("smollm2", "weights", &row));
    if (manifest_locate(&row, path, sizeof path) != ST_OK) {
        print_message("%s\n", status_message());
        skip();
    }
    /* The checksum of 98 MB is another test's. */
    assert_int_equal(gguf_open(path, NULL, &g), ST_OK);
    assert_int_equal(tokenizer_new(g, &t), ST_OK);
    gguf_close(g);
    return t;
}

static size_t read_hex(const char *hex, unsigned char *out) {
    size_t size = 0;
    for (; hex[2 * size] != '\0'; size++) {
        const char pair[3] = {hex[2 * size], hex[2 * size + 1], '\0'};
        out[size] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return size;
}

/* One line of the fixture: special, text in hexadecimal, ids. */
static void check_line(const struct tokenizer *t, char *line) {
    unsigned char text[4096];
    int32_t ids[4096];
    size_t count = 0;
    char *hex = strchr(line, '\t') + 1;
    char *at = strchr(hex, '\t');
    *at++ = '\0';
    while (*at != '\0' && *at != '\n') {
        ids[count++] = (int32_t)strtol(at, &at, 10);
        at += *at == ' ';
    }
    const size_t size = read_hex(hex, text);
    int32_t *found;
    size_t found_count;
    const unsigned flags = line[0] == '1' ? TOKENIZER_SPECIAL : 0;
    assert_int_equal(tokenizer_encode(t, text, size, flags, &found, &found_count), ST_OK);
    if (found_count != count || memcmp(found, ids, count * sizeof *ids) != 0) {
        fail_msg("other ids for the text %s", hex);
    }
    mem_free(found);
    round_trip(t, text, size, flags);
}

static void ids_are_those_of_the_tokenizers_package(void **state) {
    (void)state;
    struct tokenizer *t = smollm2();
    FILE *file = fopen("datasets/tests/smollm2_ids.tsv", "r");
    char line[8192];
    int lines = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] != '#') {
            check_line(t, line);
            lines++;
        }
    }
    fclose(file);
    assert_int_equal(lines, 300);
    tokenizer_free(t);
}

static void the_model_gives_back_any_bytes(void **state) {
    (void)state;
    struct tokenizer *t = smollm2();
    unsigned char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)i;
    }
    assert_int_equal(tokenizer_size(t), 49152);
    assert_int_equal(tokenizer_missing(t, bytes, sizeof bytes), 21);
    round_trips(t);
    tokenizer_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lowest_rank_then_leftmost_is_merged),
        cmocka_unit_test(words_are_those_of_the_pre_tokenizer),
        cmocka_unit_test(special_tokens_only_where_asked),
        cmocka_unit_test(bytes_without_a_token),
        cmocka_unit_test(broken_bytes_are_words),
        cmocka_unit_test(ids_outside_the_vocabulary_are_refused),
        cmocka_unit_test(broken_vocabularies_are_refused),
        cmocka_unit_test(random_words_equal_the_naive_merger),
        cmocka_unit_test(a_megabyte_of_one_letter),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(a_file_gives_its_tokenizer),
        cmocka_unit_test(ids_are_those_of_the_tokenizers_package),
        cmocka_unit_test(the_model_gives_back_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
