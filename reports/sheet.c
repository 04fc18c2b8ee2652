#include "sheet.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "select.h"

enum { VALUE_TEXT_MAX = 1024 };

/* Length of a conversion of a double at s ("%8.2f"), 0 if it is anything else.  Width and precision
 * of two digits keep the result bounded. */
static size_t conversion(const char *s) {
    size_t n = 1 + strspn(s + 1, "-+ 0#");
    size_t width = strspn(s + n, "0123456789");
    n += width;
    size_t precision = 0;
    if (s[n] == '.') {
        precision = strspn(s + n + 1, "0123456789");
        n += 1 + precision;
    }
    bool is_double = s[n] != '\0' && strchr("efg", s[n]) != NULL;
    return is_double && width <= 2 && precision <= 2 ? n + 1 : 0;
}

/* Conversions in a format; -1 if one of them is not of a double or there are too many. */
static int conversions(const char *format) {
    int n = 0;
    for (; *format; format++) {
        if (*format != '%')
            continue;
        size_t length = format[1] == '%' ? 2 : conversion(format);
        if (length == 0)
            return -1;
        n += format[1] != '%';
        format += length - 1;
    }
    return n <= FIELD_NUMBERS ? n : -1;
}

bool sheet_format(const char *format, const double *numbers, size_t count, char *out, size_t size) {
    int wanted = conversions(format);
    size_t used = 0, end = 0, next = 0;
    out[0] = '\0';
    if (wanted < 0)
        return false;
    while (*format && used + 1 < size) {
        if (*format != '%' || format[1] == '%') {
            out[used++] = *format;
            format += *format == '%' ? 2 : 1;
            continue;
        }
        if (next == count)
            break;
        char spec[16] = "";
        size_t length = conversion(format);
        if (length >= sizeof spec)
            return false;
        memcpy(spec, format, length);
        int printed = snprintf(out + used, size - used, spec, numbers[next++]);
        if (printed < 0 || (size_t)printed >= size - used)
            return false;
        used += (size_t)printed;
        end = used;
        format += length;
    }
    out[(size_t)wanted > count ? end : used] = '\0';
    return true;
}

/* Widens r by a value; 0 stands for "none" and is left out. */
static void range_add(struct range *r, uint64_t v) {
    if (v == 0)
        return;
    r->low = r->low && r->low < v ? r->low : v;
    r->high = r->high > v ? r->high : v;
}

/* "30", "30 to 1000", or "" where there is none; NULL when memory is refused. */
static const char *range_text(struct arena *a, struct range r) {
    if (r.high == 0)
        return "";
    if (r.low == r.high)
        return arena_format(a, "%llu", (unsigned long long)r.low);
    return arena_format(a, "%llu to %llu", (unsigned long long)r.low, (unsigned long long)r.high);
}

static enum status set_value(struct arena *a, const struct cell *c, const struct column *column,
                             struct row *row, struct value *value) {
    struct field f = field_read(c, column->field);
    char printed[VALUE_TEXT_MAX];
    const char *text = f.text;
    value->kind = f.kind == FIELD_MISSING ? VALUE_MISSING
                  : f.kind == FIELD_TEXT  ? VALUE_TEXT
                                          : VALUE_NUMBER;
    if (f.kind == FIELD_NUMBER && column->format) {
        if (!sheet_format(column->format, f.numbers, f.number_count, printed, sizeof printed))
            return status_set(ST_INPUT, "table column \"%s\": a value does not fit its format",
                              column->head);
        text = printed;
    }
    if (f.kind != FIELD_MISSING && f.metric)
        range_add(&row->n, f.metric->n);
    value->text = f.kind == FIELD_MISSING ? SHEET_MISSING : arena_clean(a, text);
    return value->text ? ST_OK : ST_SYSTEM;
}

static enum status set_row(struct arena *a, const struct cell *c, const struct table *t,
                           const struct sheet *s, struct row *row) {
    row->values = arena_array(a, s->columns, sizeof *row->values);
    row->verdict = verdict_name(c->verdict);
    row->reason = c->verdict == VERDICT_PASS ? "" : arena_clean(a, c->reason);
    row->samples = c->sample_count;
    if (!row->values || !row->reason)
        return ST_SYSTEM;
    for (size_t i = 0; t->columns[i].head; i++) {
        enum status st = set_value(a, c, &t->columns[i], row, &row->values[i]);
        if (st != ST_OK)
            return st;
    }
    row->n_text = range_text(a, row->n);
    row->samples_text = range_text(a, (struct range){row->samples, row->samples});
    return row->n_text && row->samples_text ? ST_OK : ST_SYSTEM;
}

/* "[1]" and so on; equal reasons share a number.  0 when memory is refused. */
static size_t remark_number(struct arena *a, struct sheet *s, const char *reason) {
    for (size_t i = 0; i < s->remark_count; i++)
        if (strcmp(strchr(s->remarks[i], ' ') + 1, reason) == 0)
            return i + 1;
    const char *remark = arena_format(a, "[%zu] %s", s->remark_count + 1, reason);
    if (!remark)
        return 0;
    s->remarks[s->remark_count++] = remark;
    return s->remark_count;
}

static enum status set_verdicts(struct arena *a, struct sheet *s) {
    s->remarks = arena_array(a, s->row_count, sizeof *s->remarks);
    if (!s->remarks)
        return ST_SYSTEM;
    for (size_t i = 0; i < s->row_count && s->verdict_column < s->columns; i++) {
        struct row *row = &s->rows[i];
        struct value *value = &row->values[s->verdict_column];
        *value = (struct value){VALUE_TEXT, row->verdict};
        if (*row->reason == '\0')
            continue;
        size_t number = remark_number(a, s, row->reason);
        value->text = number ? arena_format(a, "%s [%zu]", row->verdict, number) : NULL;
        if (!value->text)
            return ST_SYSTEM;
    }
    return ST_OK;
}

static enum status set_heads(struct arena *a, const struct table *t, const struct selection *cells,
                             struct sheet *s) {
    bool all_passed = true;
    size_t columns = 0;
    for (size_t i = 0; i < cells->count; i++)
        all_passed = all_passed && cells->cells[i]->verdict == VERDICT_PASS;
    while (t->columns[columns].head)
        columns++;
    s->verdict_column = SIZE_MAX;
    for (size_t i = 0; i < columns && s->verdict_column == SIZE_MAX; i++)
        if (strcmp(t->columns[i].field, "oracle") == 0)
            s->verdict_column = i;
    bool added = s->verdict_column == SIZE_MAX && !all_passed;
    s->columns = columns + added;
    if (s->verdict_column == SIZE_MAX)
        s->verdict_column = columns;
    s->heads = arena_array(a, s->columns, sizeof *s->heads);
    if (!s->heads)
        return ST_SYSTEM;
    for (size_t i = 0; i < columns; i++)
        s->heads[i].text = t->columns[i].head;
    if (added)
        s->heads[columns].text = "Oracle";
    return ST_OK;
}

static void align(struct sheet *s) {
    for (size_t c = 0; c < s->columns; c++) {
        size_t numbers = 0, texts = 0;
        for (size_t r = 0; r < s->row_count; r++) {
            numbers += s->rows[r].values[c].kind == VALUE_NUMBER;
            texts += s->rows[r].values[c].kind == VALUE_TEXT;
        }
        s->heads[c].number = numbers > 0 && texts == 0;
    }
}

static enum status set_statistic(struct arena *a, struct sheet *s) {
    struct range samples = {0, 0}, n = {0, 0};
    for (size_t i = 0; i < s->row_count; i++) {
        range_add(&samples, s->rows[i].samples);
        range_add(&n, s->rows[i].n.low);
        range_add(&n, s->rows[i].n.high);
    }
    const char *values = range_text(a, n);
    const char *timed = range_text(a, samples);
    if (!values || !timed)
        return ST_SYSTEM;
    s->statistic = arena_format(a, "%s%s%s; %s%s", n.high ? "each value over " : "no values",
                                values, n.high ? " observations" : "",
                                samples.high ? "timed samples per cell: " : "nothing timed", timed);
    return s->statistic ? ST_OK : ST_SYSTEM;
}

static enum status build(struct arena *a, const struct table *t, const struct selection *cells,
                         struct sheet *s) {
    s->table = t->name;
    s->note = t->note ? t->note : "";
    s->name = arena_format(a, "%s%s", t->name, cells->suffix);
    s->title = *cells->caption ? arena_format(a, "%s (%s)", t->title, cells->caption) : t->title;
    s->row_count = cells->count;
    s->rows = arena_array(a, cells->count, sizeof *s->rows);
    if (!s->name || !s->title || !s->rows)
        return ST_SYSTEM;
    enum status st = set_heads(a, t, cells, s);
    for (size_t i = 0; st == ST_OK && i < cells->count; i++)
        st = set_row(a, cells->cells[i], t, s, &s->rows[i]);
    if (st == ST_OK)
        st = set_verdicts(a, s);
    if (st == ST_OK)
        st = set_statistic(a, s);
    if (st == ST_OK)
        align(s);
    return st;
}

enum status sheets_build(struct arena *a, const struct table *t, const struct cell *const *cells,
                         size_t count, struct sheet **sheets, size_t *sheet_count) {
    struct selection *selections = NULL;
    size_t n = 0;
    for (const struct column *c = t->columns; c->head; c++)
        if (c->format && conversions(c->format) < 1)
            return status_set(ST_INPUT,
                              "table %s, column \"%s\": \"%s\" is no format of 1 to %d "
                              "numbers; use conversions such as %%.2f",
                              t->name, c->head, c->format, (int)FIELD_NUMBERS);
    enum status st = select_cells(a, cells, count, t->split, t->keep, t->order, &selections, &n);
    if (st != ST_OK)
        return st;
    struct sheet *list = arena_array(a, n, sizeof *list);
    if (!list)
        return ST_SYSTEM;
    for (size_t i = 0; st == ST_OK && i < n; i++)
        st = build(a, t, &selections[i], &list[i]);
    *sheets = list;
    *sheet_count = n;
    return st;
}
