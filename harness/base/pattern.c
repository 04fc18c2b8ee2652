#include "pattern.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "child.h"

struct task {
    const char *option, *text;
};

static enum status compile(const struct task *t, regex_t *out) {
    if (regcomp(out, t->text, REG_EXTENDED | REG_NOSUB) == 0)
        return ST_OK;
    return status_set(ST_USAGE, "%s: not a regular expression", t->option);
}

/* In the child, which ends with what it made. */
static enum status try_compile(void *arg, void **bytes, size_t *size) {
    regex_t made;
    *bytes = NULL;
    *size = 0;
    return compile(arg, &made);
}

/* "\1" to "\9", also where brackets make them plain characters. */
static bool has_back_reference(const char *text) {
    while ((text = strchr(text, '\\')) != NULL && text[1] != '\0') {
        if (text[1] >= '1' && text[1] <= '9')
            return true;
        text += 2;
    }
    return false;
}

enum status pattern_compile(const char *option, const char *text, regex_t *out) {
    enum { MEMORY = 256 << 20 };
    static const struct child_limits limits = {.cpu_seconds = 1,
                                               .wall_seconds = 30,
                                               .memory_bytes = MEMORY,
                                               .failure = ST_USAGE,
                                               .doing = "compiling it",
                                               .advice = "a simpler expression is needed"};
    struct task task = {option, text};
    if (has_back_reference(text))
        return status_set(ST_USAGE, "%s: back-references are not supported", option);
    enum status st = child_run(&limits, try_compile, &task, option, NULL, NULL);
    return st == ST_OK ? compile(&task, out) : st;
}
