#include "product.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_taken(const struct products *p, const char *name) {
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->items[i].name, name) == 0)
            return true;
    return false;
}

static bool grow(struct products *p) {
    if (p->count < p->capacity)
        return true;
    size_t capacity = p->capacity ? p->capacity * 2 : 16;
    struct product *items = realloc(p->items, capacity * sizeof *items);
    if (!items)
        return false;
    p->items = items;
    p->capacity = capacity;
    return true;
}

enum status product_add(struct products *p, struct text **text, const char *format, ...) {
    char *name = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&name, format, args);
    va_end(args);
    if (length < 0 || !grow(p)) {
        if (length >= 0)
            free(name);
        return status_set(ST_SYSTEM, "report: no memory");
    }
    if (is_taken(p, name)) {
        enum status st =
            status_set(ST_USAGE, "two records would write %s: report them into two folders", name);
        free(name);
        return st;
    }
    p->items[p->count] = (struct product){.name = name};
    *text = &p->items[p->count++].text;
    return ST_OK;
}

void products_free(struct products *p) {
    for (size_t i = 0; i < p->count; i++) {
        free(p->items[i].name);
        text_free(&p->items[i].text);
    }
    free(p->items);
    *p = (struct products){0};
}

/* Makes the folder and those above it. */
static enum status make_folder(const char *folder) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", folder) >= (int)sizeof path)
        return status_set(ST_USAGE, "--out: the folder's name is too long");
    for (char *p = path + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        (void)mkdir(path, 0777); /* what went wrong shows at the last one */
        *p = '/';
    }
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return status_set(ST_SYSTEM, "%s: cannot make the folder: %s", folder, strerror(errno));
    return ST_OK;
}

static enum status write_one(const struct product *p, const char *folder) {
    char path[PATH_MAX], fresh[PATH_MAX];
    int a = snprintf(path, sizeof path, "%s/%s", folder, p->name);
    int b = snprintf(fresh, sizeof fresh, "%s/.%s.new", folder, p->name);
    if (a >= (int)sizeof path || b >= (int)sizeof fresh)
        return status_set(ST_USAGE, "%s: the file's name is too long", p->name);
    FILE *f = fopen(fresh, "we");
    size_t written = f && p->text.size ? fwrite(p->text.data, 1, p->text.size, f) : 0;
    bool ok = f && fclose(f) == 0 && written == p->text.size && rename(fresh, path) == 0;
    if (ok)
        return ST_OK;
    enum status st = status_set(ST_SYSTEM, "%s: cannot write it: %s", path, strerror(errno));
    (void)unlink(fresh);
    return st;
}

enum status products_write(const struct products *p, const char *folder) {
    enum status st = make_folder(folder);
    for (size_t i = 0; st == ST_OK && i < p->count; i++)
        st = write_one(&p->items[i], folder);
    return st;
}

static bool is_content(FILE *f, const struct text *t) {
    char buffer[4096];
    size_t at = 0;
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, f)) > 0; at += n)
        if (n > t->size - at || memcmp(buffer, t->data + at, n) != 0)
            return false;
    return at == t->size && !ferror(f);
}

enum status products_compare(const struct products *p, const char *folder) {
    for (size_t i = 0; i < p->count; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/%s", folder, p->items[i].name) >= (int)sizeof path)
            return status_set(ST_USAGE, "%s: the file's name is too long", p->items[i].name);
        FILE *f = fopen(path, "re");
        if (!f)
            return status_set(ST_CHECK, "%s: %s, but the record gives it: regenerate it", path,
                              strerror(errno));
        bool same = is_content(f, &p->items[i].text);
        (void)fclose(f);
        if (!same)
            return status_set(ST_CHECK, "%s differs from what its record gives: regenerate it",
                              path);
    }
    return ST_OK;
}
