/* Chains of signed records. */
#include "chain.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/escape.h"

/* --- a folder ------------------------------------------------------------------------------- */

/* Length of the record's name in a file's name, or 0. */
static size_t record_length(const char *file) {
    static const char *const ends[] = {".h5", ".h5.minisig"};
    size_t length = strlen(file);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t end = strlen(ends[i]);
        if (length > end && strcmp(file + length - end, ends[i]) == 0)
            return length - end + 3;
    }
    return 0;
}

static enum status add(struct chain *c, size_t *capacity, const char *file, size_t length) {
    if (c->count == *capacity) {
        size_t more = *capacity == 0 ? 16 : 2 * *capacity;
        struct chain_link *grown = reallocarray(c->links, more, sizeof *grown);
        if (grown == NULL)
            return status_set(ST_SYSTEM, "no memory for the names of a folder");
        c->links = grown;
        *capacity = more;
    }
    struct chain_link *l = &c->links[c->count++];
    memset(l, 0, sizeof *l);
    memcpy(l->file, file, length);
    return ST_OK;
}

static int by_file(const void *a, const void *b) {
    return strcmp(((const struct chain_link *)a)->file, ((const struct chain_link *)b)->file);
}

/* A record and its signature gave its name twice. */
static void keep_one_of_each(struct chain *c) {
    size_t kept = 0;
    if (c->count > 0)
        qsort(c->links, c->count, sizeof *c->links, by_file);
    for (size_t i = 0; i < c->count; i++) {
        if (kept == 0 || strcmp(c->links[kept - 1].file, c->links[i].file) != 0)
            c->links[kept++] = c->links[i];
    }
    c->count = kept;
}

enum status chain_list(const char *folder, struct chain *chain) {
    char shown[ESCAPE_LINE];
    escape_text(folder, shown, sizeof shown);
    *chain = (struct chain){0};
    DIR *d = opendir(folder);
    if (d == NULL)
        return status_set(ST_INPUT, "%s: cannot read this folder: %s", shown, strerror(errno));
    enum status st = ST_OK;
    size_t capacity = 0;
    errno = 0;
    for (struct dirent *e; st == ST_OK && (e = readdir(d)) != NULL; errno = 0) {
        size_t length = record_length(e->d_name);
        if (length > 0)
            st = add(chain, &capacity, e->d_name, length);
    }
    if (st == ST_OK && errno != 0)
        st = status_set(ST_INPUT, "%s: cannot read this folder: %s", shown, strerror(errno));
    closedir(d);
    if (st == ST_OK)
        keep_one_of_each(chain);
    else
        chain_free(chain);
    return st;
}

void chain_free(struct chain *chain) {
    free(chain->links);
    *chain = (struct chain){0};
}

/* --- links ---------------------------------------------------------------------------------- */

/* Who hears of faults, and how many there were. */
struct listener {
    chain_complaint *complain;
    void *context;
    size_t faults;
};

static void tell(struct listener *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct listener *l, const char *format, ...) {
    char line[4 * ESCAPE_LINE], shown[4 * ESCAPE_LINE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    escape_text(line, shown, sizeof shown);
    l->complain(l->context, shown);
    l->faults++;
}

static int by_number(const void *a, const void *b) {
    uint64_t x = ((const struct chain_link *)a)->seal.number,
             y = ((const struct chain_link *)b)->seal.number;
    return x != y ? (x > y) - (x < y) : by_file(a, b);
}

static void check_one(struct listener *l, const struct chain_link *k) {
    if (k->seal.number == 0)
        tell(l, "%s: no place in the chain: signed with the stock tool", k->file);
    else if (strcmp(k->file, k->seal.name) != 0)
        tell(l, "%s: sealed as %s: renamed or copied", k->file, k->seal.name);
}

/* Does link i follow one of those with the number before its own, which end at `end`? */
static void check_previous(struct listener *l, const struct chain *c, size_t i, size_t end) {
    const struct seal *s = &c->links[i].seal;
    for (size_t j = end; j-- > 0 && c->links[j].seal.number == s->number - 1;) {
        if (strcmp(c->links[j].seal.signature_digest, s->previous) == 0)
            return;
    }
    tell(l, "%s: number %llu follows seal %s, which is not that of number %llu (%s): replaced",
         c->links[i].file, (unsigned long long)s->number, s->previous,
         (unsigned long long)s->number - 1, c->links[end - 1].file);
}

/* Link i beside the first of the same number. */
static void check_twin(struct listener *l, const struct chain_link *first,
                       const struct chain_link *k) {
    if (strcmp(first->seal.signature_digest, k->seal.signature_digest) == 0)
        tell(l, "%s: the seal of %s once more: a copy", k->file, first->file);
    else
        tell(l, "%s: number %llu like %s: the chain forks", k->file,
             (unsigned long long)k->seal.number, first->file);
}

static void check_gap(struct listener *l, const struct chain_link *k, uint64_t expected) {
    uint64_t last = k->seal.number - 1;
    if (expected == last)
        tell(l, "number %llu is missing before %s (number %llu): removed, or failed above",
             (unsigned long long)last, k->file, (unsigned long long)k->seal.number);
    else
        tell(l, "numbers %llu to %llu are missing before %s: removed, or failed above",
             (unsigned long long)expected, (unsigned long long)last, k->file);
}

size_t chain_check(struct chain *chain, chain_complaint *complain, void *context) {
    struct listener l = {complain, context, 0};
    if (chain->count > 0)
        qsort(chain->links, chain->count, sizeof *chain->links, by_number);
    size_t first = 0; /* of the links with the same number */
    uint64_t last = 0;
    for (size_t i = 0; i < chain->count; i++) {
        const struct chain_link *k = &chain->links[i];
        check_one(&l, k);
        if (k->seal.number == 0)
            continue;
        if (k->seal.number == last) {
            check_twin(&l, &chain->links[first], k);
        } else {
            first = i;
            if (k->seal.number != last + 1)
                check_gap(&l, k, last + 1);
        }
        bool has_predecessor = first > 0 && chain->links[first - 1].seal.number > 0 &&
                               chain->links[first - 1].seal.number == k->seal.number - 1;
        if (has_predecessor)
            check_previous(&l, chain, i, first);
        last = k->seal.number;
    }
    return l.faults;
}

const struct chain_link *chain_head(const struct chain *chain) {
    return chain->count > 0 ? &chain->links[chain->count - 1] : NULL;
}
