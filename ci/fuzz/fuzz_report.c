/* Packed records on their way to tables: every form of the report is rendered, or the cells are
 * refused.  Plots are left out: gnuplot is another program. */
#include <string.h>

#include "../../harness/record/cells_tree.h"
#include "../../harness/run/experiment.h"
#include "../../harness/record/tree_pack.h"
#include "../../reports/page.h"
#include "../../reports/render.h"
#include "fuzz.h"

/* Of what goes to a terminal, only line feeds may move its cursor. */
static void check_plain(const struct text *t) {
    for (size_t i = 0; i < t->size; i++) {
        const unsigned char c = (unsigned char)t->data[i];
        fuzz_require((c >= 0x20 || c == '\n') && c != 0x7f, "a control byte in a table");
    }
}

static void render(const struct page *page) {
    struct text plain = {0}, rest = {0};
    render_plain(page, &plain);
    render_markdown(page, "stem", &rest);
    render_latex(page, &rest);
    render_html(page, &rest);
    for (size_t i = 0; i < page->sheet_count; i++)
        render_csv(page, &page->sheets[i], &rest);
    fuzz_require(text_complete(&plain) && text_complete(&rest), "no memory for a small report");
    check_plain(&plain);
    text_free(&plain);
    text_free(&rest);
}

static void report(const struct tree *root, const struct cell *cells, size_t count) {
    static const struct page_choice everything;
    const struct seal seal = {.size = 0};
    struct facts facts;
    struct page page;
    facts_read(root, &seal, &facts);
    if (fuzz_answer_escaped(
            page_build("case", &facts, cells, count, experiments, &everything, &page), ST_INPUT))
        render(&page);
    page_free(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tree *root;
    struct cell *cells;
    size_t count;
    if (tree_unpack(data, size, "case", &root) != ST_OK)
        return 0;
    if (fuzz_answer_escaped(cells_from_tree(root, &cells, &count), ST_RECORD)) {
        report(root, cells, count);
        cells_free(cells, count);
    }
    tree_free(root);
    return 0;
}
