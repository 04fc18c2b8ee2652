/* Prose out of HTML, the pinned corpus, a user's file, and sequences of tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../../harness/base/memory.h"
#include "../html_text.h"
#include "../manifest.h"
#include "../text.h"
#include "support.h"

/* --- HTML --- */

/* Converts a copy of exactly that size, so that AddressSanitizer sees a read or write past the end.
 */
static enum status convert(const char *html, size_t size, char *out, size_t *length) {
    char *in = malloc(size == 0 ? 1 : size), *text = malloc(size == 0 ? 1 : size);
    assert_non_null(in);
    assert_non_null(text);
    memcpy(in, html, size);
    const enum status st = html_text("page", in, size, text, length);
    assert_true(*length <= size);
    memcpy(out, text, *length);
    out[*length] = '\0';
    free(in);
    free(text);
    return st;
}

static void assert_text(const char *html, const char *wanted) {
    char out[1024];
    size_t length;
    assert_int_equal(convert(html, strlen(html), out, &length), ST_OK);
    assert_string_equal(out, wanted);
}

static void markup_is_left_out(void **state) {
    (void)state;
    assert_text("<head><title>x</title></head><body>one</body> two", "one");
    assert_text("no body", "");
    assert_text("<body> a\n\tb  <em>c</em>d\xc2\xa0 e </body>", "a b cd e");
    assert_text("<body><p>a</p><p> b</p>c<br/>d<ul><li>e<li>f</ul></body>",
                "a\n\nb\n\nc\n\nd\n\ne\n\nf");
    assert_text("<BODY class='x > y'>a<IMG alt=\">\">b<!-- <p> -->c<?x?>d</BODY>", "abcd");
    assert_text("<body>a &lt;b&gt; &amp;&quot;&apos;&nbsp;&#233;&#x20AC;&#32;x</body>",
                "a <b> &\"' \xc3\xa9\xe2\x82\xac x");
    assert_text("<body>a<sup>1</sup>b<custom-name>c</custom-name></body>", "abc");
}

static void listings_and_navigation_are_left_out(void **state) {
    (void)state;
    assert_text(
        "<body>a<pre>code\n</pre>b<table><tr><td>1<table></table></td></tr></table>c</body>",
        "a\n\nb\n\nc");
    assert_text("<body><script>if (a < b && c > 0) x('</p>');</script>a"
                "<style>p > a { }</style>b</body>",
                "ab");
    assert_text("<body><div id=\"banner\"><div>x</div><br/></div><p id=\"title\">y</p>"
                "<p class=\"title\">a</p><ul class=\"docnav\"><li>z</li></ul>b"
                "<form><input>x</form></body>",
                "a\n\nb");
}

static void broken_pages_are_refused(void **state) {
    static const struct {
        const char *html, *what;
    } wrong[] = {
        {"<body>a<b", "byte 7: a tag that does not end"},
        {"<body>a<b x='>", "byte 7: a tag that does not end"},
        {"<body>a < b</body>", "byte 8: a bracket that starts no tag"},
        {"<body><!-- a", "byte 6: a comment or declaration"},
        {"<body><!-->", "byte 6: a comment or declaration"},
        {"<body><pre>a", "byte 7: an element that does not end"},
        {"<body><pre><pre></pre>", "byte 7: an element that does not end"},
        {"<body><script>a</scrip", "byte 7: an element that does not end"},
        {"<body>&eacute;</body>", "byte 6: an entity"},
        {"<body>a & b</body>", "byte 8: an entity"},
        {"<body>&#;</body>", "byte 6: an entity"},
        {"<body>&#0;</body>", "byte 6: an entity"},
        {"<body>&#xd800;</body>", "byte 6: an entity"},
        {"<body>&#1114112;</body>", "byte 6: an entity"},
        {"<body>&#4294967361;</body>", "byte 6: an entity"},
        {"<body>&", "byte 6: an entity"},
        {"<body>a\xe9z</body>", "byte 7: a byte that is not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char out[1024];
        size_t length;
        assert_refused(convert(wrong[i].html, strlen(wrong[i].html), out, &length), "page",
                       wrong[i].what);
        assert_int_equal(length, 0);
    }
}

/* Whatever the cut, no byte outside the page is read or written. */
static void cut_pages_do_no_harm(void **state) {
    static const char page[] =
        "<?xml?><!DOCTYPE html><html><body id='b'><!-- c --><script>x</script><pre>y</pre>"
        "<p class=\"x\">a &amp; &#xe9; \xc3\xa9</p><br/><table><tr></table></body></html>";
    (void)state;
    for (size_t size = 0; size < sizeof page - 1; size++) {
        char out[1024];
        size_t length;
        const enum status st = convert(page, size, out, &length);
        assert_true(st == ST_OK || st == ST_INPUT);
    }
}

/* --- the corpus --- */

static void open_corpus(struct text_corpus *c) {
    const enum status st = text_corpus_open(c);
    if (st == ST_SKIP) {
        assert_non_null(strstr(status_message(), "apt-get install "));
        print_message("%s\n", status_message());
        skip();
    }
    assert_int_equal(st, ST_OK);
}

static void the_corpus_is_the_pinned_one(void **state) {
    (void)state;
    struct text_corpus c;
    size_t bytes[2] = {0, 0}, long_ones = 0;
    open_corpus(&c);
    assert_int_equal(c.count, 27);
    for (size_t i = 0; i < c.count; i++) {
        const struct text_document *d = &c.documents[i];
        bytes[d->training] += d->size;
        long_ones += d->size > 40000;
        assert_int_equal(strlen(d->sha256), 64);
        assert_int_equal(d->bytes[d->size - 1], '\n');
        assert_null(memmem(d->bytes, d->size, "</div>", 6));
        assert_true(i == 0 || strcmp(c.documents[i - 1].name, d->name) < 0);
    }
    assert_int_equal(bytes[true], 965983);
    assert_int_equal(bytes[false], 1207555);
    assert_int_equal(long_ones, 26);
    text_corpus_close(&c);
    assert_null(c.documents);
}

/* The first document's page, replaced under $ATTEST_DATA. */
static void put_first_page(const char *html) {
    static const char *folders[] = {"exim4-doc-html", "exim4-doc-html/spec_html"};
    for (size_t i = 0; i < 2; i++) {
        mkdir(scratch_path(folders[i]), 0700);
    }
    scratch_write("exim4-doc-html/spec_html/ch44.html", html, strlen(html));
    assert_int_equal(setenv("ATTEST_DATA", scratch_path(""), 1), 0);
}

static void another_text_is_refused(void **state) {
    (void)state;
    struct text_corpus c;
    put_first_page("<body>another</body>");
    assert_refused(text_corpus_open(&c), "text exim-access-control", "texts.tsv says a05e118f");
    assert_null(c.documents);
    put_first_page("<body>a<b");
    assert_refused(text_corpus_open(&c), "ch44.html", "a tag that does not end");
    assert_int_equal(c.count, 0);
    assert_int_equal(unsetenv("ATTEST_DATA"), 0);
}

static void a_users_file_is_one_document(void **state) {
    (void)state;
    struct text_corpus c;
    const char *path = scratch_write("my\x1btext", "a\0b\xff", 4);
    assert_int_equal(text_corpus_file(path, &c), ST_OK);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.documents[0].name, "my\\x1btext");
    assert_false(c.documents[0].training);
    assert_int_equal(c.documents[0].size, 4);
    assert_memory_equal(c.documents[0].bytes, "a\0b\xff", 4);
    text_corpus_close(&c);
    assert_refused(text_corpus_file(scratch_path("absent"), &c), "absent", "a file of text");
    assert_refused(text_corpus_file(scratch_write("empty", "", 0), &c), "empty", "");
    assert_refused(text_corpus_file(scratch_path(""), &c), "", "a directory");
    assert_null(c.documents);
}

/* --- sequences --- */

/* Each small letter is a token: 'a' is 0. */
static struct tokenizer *letters(void) {
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";
    static struct gguf_text tokens[26];
    for (size_t i = 0; i < 26; i++) {
        tokens[i] = (struct gguf_text){.data = alphabet + i, .size = 1};
    }
    const struct tokenizer_parts parts = {
        .label = "letters", .pre = {"smollm", 6}, .tokens = tokens, .token_count = 26};
    struct tokenizer *t;
    assert_int_equal(tokenizer_make(&parts, &t), ST_OK);
    return t;
}

enum { LONG = 1000 };

/* Three documents of the evaluation part with a training one between them. */
static struct text_corpus made_corpus(void) {
    static char text[4][LONG + 1];
    static struct text_document documents[4];
    static const size_t sizes[4] = {LONG, 50, 7, LONG / 2};
    for (size_t d = 0; d < 4; d++) {
        for (size_t i = 0; i < sizes[d]; i++) {
            text[d][i] = (char)('a' + (i * (2 * d + 1) + d) % 26);
        }
        documents[d] =
            (struct text_document){.training = d == 1, .bytes = text[d], .size = sizes[d]};
    }
    return (struct text_corpus){.documents = documents, .count = 4};
}

static int32_t letter_of(const struct text_corpus *c, int32_t document, size_t at) {
    assert_true(at < c->documents[document].size);
    return c->documents[document].bytes[at] - 'a';
}

static void windows_of_one_document(void **state) {
    /* 1000, 7 and 500 tokens in windows of 300: documents 0, 3, 0, 0. */
    static const int32_t documents[] = {0, 3, 0, 0}, starts[] = {0, 0, 300, 600};
    (void)state;
    const struct text_corpus c = made_corpus();
    struct tokenizer *t = letters();
    struct text_plan plan = {.part = TEXT_EVALUATION, .length = 300};
    struct text_sequences s;
    assert_int_equal(text_sequences(&c, t, &plan, &s), ST_OK);
    assert_int_equal(s.count, 4);
    assert_int_equal(s.tokens, 1507);
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 300; j++) {
            const size_t at = i * 300 + j;
            assert_int_equal(s.documents[at], documents[i]);
            assert_int_equal(s.ids[at], letter_of(&c, documents[i], (size_t)starts[i] + j));
            assert_int_equal(s.positions[at], j);
            assert_int_equal(s.segments[at], 0);
        }
    }
    char digest[65];
    memcpy(digest, s.digest, sizeof digest);
    text_sequences_free(&s);
    plan.most = 3;
    assert_int_equal(text_sequences(&c, t, &plan, &s), ST_OK);
    assert_int_equal(s.count, 3);
    assert_string_not_equal(s.digest, digest);
    text_sequences_free(&s);
    plan = (struct text_plan){.part = TEXT_TRAINING, .length = 50};
    assert_int_equal(text_sequences(&c, t, &plan, &s), ST_OK);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.documents[0], 1);
    text_sequences_free(&s);
    tokenizer_free(t);
}

/* Every document is read once, in order, without a gap; segments and positions restart. */
static void check_packed(const struct text_corpus *c, const struct text_sequences *s) {
    size_t used[4] = {0, 0, 0, 0};
    for (int64_t i = 0; i < s->count; i++) {
        const size_t start = (size_t)(i * s->length);
        int32_t shortest = s->length;
        for (size_t j = 0; j < (size_t)s->length; j++) {
            const size_t at = start + j;
            const int32_t d = s->documents[at];
            const bool begins = j == 0 || s->segments[at] != s->segments[at - 1];
            assert_int_not_equal(d, 1);
            assert_int_equal(s->ids[at], letter_of(c, d, used[d]++));
            assert_int_equal(s->positions[at], begins ? 0 : s->positions[at - 1] + 1);
            assert_int_equal(s->segments[at], j == 0 ? 0 : s->segments[at - 1] + begins);
            assert_true(begins || s->documents[at - 1] == d);
            shortest = s->positions[at] + 1 > shortest ? shortest : s->positions[at] + 1;
        }
        assert_true(s->segments[start + (size_t)s->length - 1] >= 1);
        assert_true(shortest <= s->length / 2);
    }
    assert_int_equal(used[2], 7);
}

static void packed_pieces_of_documents(void **state) {
    (void)state;
    const struct text_corpus c = made_corpus();
    struct tokenizer *t = letters();
    char digests[2][65];
    for (uint64_t seed = 0; seed < 20; seed++) {
        const struct text_plan plan = {
            .part = TEXT_EVALUATION, .length = 64, .packed = true, .seed = seed};
        struct text_sequences s, again;
        assert_int_equal(text_sequences(&c, t, &plan, &s), ST_OK);
        assert_int_equal(s.count, 1507 / 64);
        check_packed(&c, &s);
        assert_int_equal(text_sequences(&c, t, &plan, &again), ST_OK);
        assert_string_equal(s.digest, again.digest);
        memcpy(digests[seed % 2], s.digest, sizeof s.digest);
        assert_true(seed == 0 || strcmp(digests[0], digests[1]) != 0);
        text_sequences_free(&s);
        text_sequences_free(&again);
    }
    tokenizer_free(t);
}

static void lengths_that_do_not_fit_are_refused(void **state) {
    (void)state;
    const struct text_corpus c = made_corpus();
    struct tokenizer *t = letters();
    struct text_plan plan = {.part = TEXT_TRAINING, .length = 51};
    struct text_sequences s;
    assert_refused(text_sequences(&c, t, &plan, &s), "51 tokens", "it has 50");
    assert_null(s.ids);
    plan.packed = true;
    assert_refused(text_sequences(&c, t, &plan, &s), "51 tokens", "it has 50");
    plan.length = 0;
    assert_refused(text_sequences(&c, t, &plan, &s), "0 tokens", "at least 1");
    plan.length = 1; /* the least there is */
    assert_int_equal(text_sequences(&c, t, &plan, &s), ST_OK);
    assert_int_equal(s.count, 50);
    text_sequences_free(&s);
    tokenizer_free(t);
}

/* --- the corpus in the model's tokens --- */

static void the_corpus_in_tokens(void **state) {
    (void)state;
    struct text_corpus c;
    struct manifest_row row;
    char path[4096];
    struct gguf *g;
    struct tokenizer *t;
    struct text_sequences s;
    assert_true(manifest_find("smollm2", "weights", &row));
    if (manifest_locate(&row, path, sizeof path) != ST_OK) {
        print_message("%s\n", status_message());
        skip();
    }
    open_corpus(&c);
    assert_int_equal(gguf_open(path, NULL, &g), ST_OK);
    assert_int_equal(tokenizer_new(g, &t), ST_OK);
    gguf_close(g);
    struct text_plan plan = {.part = TEXT_EVALUATION, .length = 8192};
    assert_int_equal(text_sequences(&c, t, &plan, &s), ST_OK);
    assert_int_equal(s.count, 26);
    assert_int_equal(s.tokens, 272897);
    assert_int_equal(s.left_out, 0);
    text_sequences_free(&s);
    plan.part = TEXT_TRAINING;
    plan.packed = true;
    assert_int_equal(text_sequences(&c, t, &plan, &s), ST_OK);
    assert_int_equal(s.count, 26);
    assert_int_equal(s.tokens, 219388);
    text_sequences_free(&s);
    tokenizer_free(t);
    text_corpus_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_is_left_out),
        cmocka_unit_test(listings_and_navigation_are_left_out),
        cmocka_unit_test(broken_pages_are_refused),
        cmocka_unit_test(cut_pages_do_no_harm),
        cmocka_unit_test(the_corpus_is_the_pinned_one),
        cmocka_unit_test(another_text_is_refused),
        cmocka_unit_test(a_users_file_is_one_document),
        cmocka_unit_test(windows_of_one_document),
        cmocka_unit_test(packed_pieces_of_documents),
        cmocka_unit_test(lengths_that_do_not_fit_are_refused),
        cmocka_unit_test(the_corpus_in_tokens),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
