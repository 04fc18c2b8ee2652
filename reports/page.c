#include "page.h"

#include <string.h>

/* Definitions name files, so their names are restricted. */
static enum status check_name(const char *name) {
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (length == 0 || length > 64 || name[length])
        return status_set(ST_INPUT, "table or plot \"%s\": a name is 1 to 64 of [a-z0-9-]", name);
    return ST_OK;
}

/* list (n of size) with more (m of size) behind it, in new memory; NULL: memory. */
static void *joined(struct arena *a, const void *list, size_t n, const void *more, size_t m,
                    size_t size) {
    char *all = arena_array(a, n + m, size);
    if (all && n)
        memcpy(all, list, n * size);
    if (all && m)
        memcpy(all + n * size, more, m * size);
    return all;
}

static bool wanted(const char *choice, const char *definition, const char *stem) {
    return !choice || strcmp(choice, definition) == 0 || strcmp(choice, stem) == 0;
}

static enum status add_table(struct page *page, const struct table *t,
                             const struct cell *const *cells, size_t count, const char *choice) {
    struct sheet *more = NULL;
    size_t n = 0, kept = 0;
    enum status st = check_name(t->name);
    if (st == ST_OK)
        st = sheets_build(&page->arena, t, cells, count, &more, &n);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        if (wanted(choice, more[i].table, more[i].name))
            more[kept++] = more[i];
    page->sheets = joined(&page->arena, page->sheets, page->sheet_count, more, kept, sizeof *more);
    page->sheet_count += kept;
    return page->sheets ? ST_OK : ST_SYSTEM;
}

static enum status add_plot(struct page *page, const struct plot *p,
                            const struct cell *const *cells, size_t count, const char *choice) {
    struct chart *more = NULL;
    size_t n = 0, kept = 0;
    enum status st = check_name(p->name);
    if (st == ST_OK)
        st = charts_build(&page->arena, p, cells, count, &more, &n);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        if (wanted(choice, p->name, more[i].name))
            more[kept++] = more[i];
    page->charts = joined(&page->arena, page->charts, page->chart_count, more, kept, sizeof *more);
    page->chart_count += kept;
    return page->charts ? ST_OK : ST_SYSTEM;
}

static enum status add_experiment(struct page *page, const struct experiment *e,
                                  const struct cell *cells, size_t count,
                                  const struct page_choice *choice) {
    const struct cell **own = arena_array(&page->arena, count, sizeof *own);
    size_t n = 0;
    if (!own)
        return ST_SYSTEM;
    for (size_t i = 0; i < count; i++)
        if (strcmp(cells[i].experiment, e->name) == 0)
            own[n++] = &cells[i];
    enum status st = ST_OK;
    bool tables = choice->table || !choice->plot, plots = choice->plot || !choice->table;
    const struct table *const *list = n && tables ? e->tables : NULL;
    for (; st == ST_OK && list && *list; list++)
        for (const struct table *t = *list; st == ST_OK && t->name; t++)
            st = add_table(page, t, own, n, choice->table);
    const struct plot *p = n && plots ? e->plots : NULL;
    for (; st == ST_OK && p && p->name; p++)
        st = add_plot(page, p, own, n, choice->plot);
    return st;
}

/* Files of one record are told apart by stem: tables among themselves, plots among themselves. */
static enum status check_stems(const struct page *page) {
    for (size_t i = 0; i < page->sheet_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(page->sheets[i].name, page->sheets[j].name) == 0)
                return status_set(ST_INPUT, "two tables are named \"%s\": rename one definition",
                                  page->sheets[i].name);
    for (size_t i = 0; i < page->chart_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(page->charts[i].name, page->charts[j].name) == 0)
                return status_set(ST_INPUT, "two plots are named \"%s\": rename one definition",
                                  page->charts[i].name);
    return ST_OK;
}

/* The first cell of each experiment stands for it. */
static bool is_first(const struct cell *cells, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (strcmp(cells[j].experiment, cells[i].experiment) == 0)
            return false;
    return true;
}

static bool is_known(const struct experiment *const *list, const char *name) {
    for (; *list; list++)
        if (strcmp((*list)->name, name) == 0)
            return true;
    return false;
}

static enum status name_unknown(struct page *page, const struct cell *cells, size_t count,
                                const struct experiment *const *list) {
    page->unknown = "";
    for (size_t i = 0; i < count; i++) {
        if (is_known(list, cells[i].experiment) || !is_first(cells, i))
            continue;
        const char *name = arena_clean(&page->arena, cells[i].experiment);
        const char *separator = *page->unknown ? ", " : "";
        page->unknown =
            name ? arena_format(&page->arena, "%s%s%s", page->unknown, separator, name) : NULL;
        if (!page->unknown)
            return ST_SYSTEM;
    }
    return ST_OK;
}

enum status page_build(const char *title, const struct facts *facts, const struct cell *cells,
                       size_t count, const struct experiment *const *list,
                       const struct page_choice *choice, struct page *page) {
    *page = (struct page){.facts = *facts};
    page->title = arena_clean(&page->arena, title);
    if (!page->title)
        return ST_SYSTEM;
    enum status st = name_unknown(page, cells, count, list);
    for (size_t i = 0; st == ST_OK && list[i]; i++)
        st = add_experiment(page, list[i], cells, count, choice);
    return st == ST_OK ? check_stems(page) : st;
}

static void drop_charts(struct page *page) {
    for (size_t i = 0; i < page->chart_count; i++) {
        text_free(&page->charts[i].svg);
        text_free(&page->charts[i].plain);
    }
    page->chart_count = 0;
}

enum status page_draw(struct page *page, bool svg, bool plain) {
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < page->chart_count; i++) {
        struct chart *c = &page->charts[i];
        if (svg)
            st = chart_draw(c, CHART_SVG, &c->svg);
        if (st == ST_OK && plain)
            st = chart_draw(c, CHART_TEXT, &c->plain);
    }
    if (st == ST_SKIP)
        drop_charts(page);
    return st;
}

void page_free(struct page *page) {
    drop_charts(page);
    arena_free(&page->arena);
    *page = (struct page){0};
}
