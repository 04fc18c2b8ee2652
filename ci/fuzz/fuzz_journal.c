/* Journals of unfinished runs: what is read has cells that can be shown, or is refused. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../harness/record/cells_tree.h"
#include "../../harness/record/journal.h"
#include "../../harness/run/run_journal.h"
#include "../../harness/cli/show.h"
#include "fuzz.h"

/* A file of the process's own with these bytes: a journal is read by its path. */
static const char *write_file(const uint8_t *data, size_t size) {
    static char path[256];
    if (path[0] == '\0') {
        const char *folder = getenv("TMPDIR");
        snprintf(path, sizeof path, "%s/attest-fuzz-XXXXXX", folder != NULL ? folder : "/tmp");
        fuzz_require(close(mkstemp(path)) == 0, "no temporary file");
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0,
                 "no temporary file");
    return path;
}

static void show(struct shown *s) {
    FILE *out = fopen("/dev/null", "w");
    fuzz_require(out != NULL, "no /dev/null");
    fuzz_require(show_json(s, out) == ST_OK, "cannot be shown as JSON");
    fuzz_require(show_text(s, out) == ST_OK, "cannot be shown as text");
    fclose(out);
}

/* As `attest show` does with a file that ends in ".partial". */
static void view(const struct journal *j) {
    struct shown s = {.path = "case", .partial = true, .root = tree_new()};
    fuzz_require(s.root != NULL, "no memory");
    if (fuzz_answer_escaped(run_journal_view(j, s.root, &s.cells, &s.cell_count), ST_RECORD)) {
        show(&s);
        cells_free(s.cells, s.cell_count);
    }
    tree_free(s.root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct journal *j;
    const char *path = write_file(data, size);
    const enum status st = journal_read(path, &j);
    unlink(path);
    if (!fuzz_answer(st, st == ST_INPUT ? st : ST_RECORD)) {
        fuzz_require(j == NULL, "a journal left behind by a refusal");
        return 0;
    }
    view(j);
    journal_close(j);
    return 0;
}
