/* Draws charts by running gnuplot on files in a private temporary folder. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../harness/judge/stats.h"
#include "chart.h"
#include "quote.h"

static const char *const files[] = {"script", "data", "drawing"};

/* Okabe and Ito's palette: told apart by colour-blind readers, and in grey by the marks' shapes. */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#444444"};
static const int marks[] = {7, 5, 9, 11, 13, 1, 2};
enum { COLOURS = sizeof colours / sizeof colours[0], MARKS = sizeof marks / sizeof marks[0] };

/* A text of a definition as gnuplot's double-quoted string. */
static void quote_script(struct text *t, const char *s) {
    text_add(t, "\"");
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            text_add(t, "\\");
        text_add_bytes(t, *s == '\n' ? " " : s, 1);
    }
    text_add(t, "\"");
}

/* The key lies below the axes, one line a series, so a drawing grows with it. */
static void add_terminal(struct text *t, const struct chart *c, enum chart_format format) {
    size_t lines = c->series_count + 1;
    text_add(t, "set encoding utf8\nset terminal ");
    switch (format) {
    case CHART_SVG:
        text_format(t,
                    "svg size 720,%zu dynamic noenhanced font \"sans-serif,12\" name \"attest\" "
                    "background rgb \"white\"",
                    400 + 18 * lines);
        break;
    case CHART_PDF:
        text_format(t, "pdfcairo size 18cm,%.1fcm noenhanced font \"sans-serif,10\"",
                    10.5 + 0.5 * (double)lines);
        break;
    case CHART_TEXT:
        text_format(t, "dumb size 79,%zu nofeed mono noenhanced", 22 + lines);
        break;
    }
    text_add(t, "\nset output \"drawing\"\n");
}

struct span {
    double low, high;
};

static const double *values_of(const struct series *s, char axis) {
    return axis == 'x' ? s->x : axis == 'y' ? s->y : s->z;
}

static struct span span_of(const struct chart *c, char axis) {
    struct span s = {INFINITY, -INFINITY};
    for (size_t i = 0; i < c->series_count; i++) {
        const double *v = values_of(&c->series[i], axis);
        for (size_t j = 0; j < c->series[i].count; j++) {
            s.low = fmin(s.low, v[j]);
            s.high = fmax(s.high, v[j]);
        }
    }
    return s;
}

/* gnuplot names only powers of ten, too few below three decades: 1, 2 and 5 of each. */
static void add_log_ticks(struct text *t, char axis, struct span s) {
    text_format(t, "set %ctics (", axis);
    const char *separator = "";
    for (int power = (int)floor(log10(s.low)); pow(10, power) <= s.high; power++) {
        for (int i = 0; i < 3; i++) {
            double tick = pow(10, power) * (i == 0 ? 1 : i == 1 ? 2 : 5);
            if (tick < s.low || tick > s.high)
                continue;
            text_format(t, "%s%.9g", separator, tick);
            separator = ", ";
        }
    }
    text_add(t, ")\n");
}

/* The range is ours, a margin of 5 % around the points: gnuplot's own differs for a single point.
 * Points within half a decade are drawn on a linear axis, which looks the same and has its ticks.
 */
static void add_axis(struct text *t, const struct chart *c, char axis, const char *label,
                     bool log) {
    struct span s = span_of(c, axis);
    if (log && s.high > s.low * 3) {
        double margin = pow(s.high / s.low, 0.05);
        s = (struct span){s.low / margin, s.high * margin};
        text_format(t, "set logscale %c\n", axis);
        if (s.high < s.low * 1000)
            add_log_ticks(t, axis, s);
    } else {
        double margin = s.high > s.low ? (s.high - s.low) * 0.05 : fabs(s.high) * 0.05 + 1e-9;
        s = (struct span){s.low - margin, s.high + margin};
    }
    text_format(t, "set %crange [%.9g:%.9g]\nset %clabel ", axis, s.low, s.high, axis);
    quote_script(t, label ? label : "");
    text_add(t, "\n");
}

/* Lines of least squares.  In the text form they would hide the points. */
static void add_lines(struct text *t, const struct chart *c, enum chart_format format) {
    for (size_t i = 0; c->plot->lines && format != CHART_TEXT && i < c->series_count; i++) {
        const struct series *s = &c->series[i];
        double *x = calloc(s->count + 1, sizeof *x);
        for (size_t j = 0; x && j < s->count; j++)
            x[j] = c->plot->log_x ? log(s->x[j]) : s->x[j];
        const struct stats_line line =
            x ? stats_line(x, s->y, s->count) : (struct stats_line){NAN, NAN, NAN, NAN};
        free(x);
        if (isfinite(line.slope) && isfinite(line.intercept))
            text_format(t, ", %.9g * %s + %.9g with lines linecolor rgb \"%s\" notitle", line.slope,
                        c->plot->log_x ? "log(x)" : "x", line.intercept, colours[i % COLOURS]);
    }
}

/* The caption is a first, empty series in the key: its words come from the record, so they may only
 * travel in the data file.  The text form prints it above the drawing instead. */
static void add_caption(struct text *t) {
    text_add(t, "\"data\" index 0 using 1:2 with points pointtype 0 linecolor rgb \"white\" "
                "title columnheader(1), ");
}

static void add_plot(struct text *t, const struct chart *c, enum chart_format format) {
    text_add(t, "plot ");
    if (*c->caption && format != CHART_TEXT)
        add_caption(t);
    for (size_t i = 0; i < c->series_count; i++) {
        int mark = format == CHART_TEXT ? (int)(i % 26) + 1 : marks[(i + i / MARKS) % MARKS];
        text_format(t,
                    "%s\"data\" index %zu using 1:2 with points pointtype %d pointsize 0.8 "
                    "linecolor rgb \"%s\" title columnheader(1)",
                    i ? ", " : "", i + 1, mark, colours[i % COLOURS]);
    }
    add_lines(t, c, format);
    text_add(t, "\n");
}

/* A field of one by one around each point; the ramp runs from pale to dark in grey too. */
static void add_heat(struct text *t, const struct chart *c) {
    static const char axes[] = {'x', 'y'};
    const struct span z = span_of(c, 'z');
    const double margin = z.high > z.low ? 0 : fabs(z.low) * 0.05 + 1e-9;
    for (size_t i = 0; i < sizeof axes; i++) {
        const struct span s = span_of(c, axes[i]);
        text_format(t, "set %crange [%.9g:%.9g]\nset %clabel ", axes[i], s.low - 0.5, s.high + 0.5,
                    axes[i]);
        const char *label = i == 0 ? c->plot->x_label : c->plot->y_label;
        quote_script(t, label ? label : "");
        text_add(t, "\n");
    }
    text_format(t, "set cbrange [%.9g:%.9g]\nset cblabel ", z.low - margin, z.high + margin);
    quote_script(t, c->plot->z_label ? c->plot->z_label : "");
    text_add(t, "\nset palette defined (0 \"#f7fbff\", 0.5 \"#6baed6\", 1 \"#08306b\")\n"
                "set style fill solid noborder\nplot ");
    if (*c->caption)
        add_caption(t);
    for (size_t i = 0; i < c->series_count; i++)
        text_format(t,
                    "%s\"data\" index %zu using 1:2:(0.5):(0.5):3 with boxxyerror linecolor "
                    "palette notitle",
                    i ? ", " : "", i + 1);
    text_add(t, "\n");
}

/* The bars of one x fill four fifths of the way to the next; 0 is shown, since lengths are
 * compared. */
static void add_bars(struct text *t, const struct chart *c) {
    const struct span x = span_of(c, 'x'), y = span_of(c, 'y');
    const double low = fmin(y.low, 0), high = fmax(y.high, 0), margin = (high - low) * 0.05 + 1e-9;
    const double width = 0.8 / (double)c->series_count;
    text_format(t, "set xrange [%.9g:%.9g]\nset xlabel ", x.low - 0.5, x.high + 0.5);
    quote_script(t, c->plot->x_label ? c->plot->x_label : "");
    text_format(t, "\nset yrange [%.9g:%.9g]\nset ylabel ", low < 0 ? low - margin : 0,
                high > 0 ? high + margin : 0);
    quote_script(t, c->plot->y_label ? c->plot->y_label : "");
    text_add(t, "\nset style fill solid noborder\nplot ");
    if (*c->caption)
        add_caption(t);
    for (size_t i = 0; i < c->series_count; i++) {
        const double aside = ((double)i - (double)(c->series_count - 1) / 2) * width;
        text_format(t,
                    "%s\"data\" index %zu using ($1 + %.9g):2:(%.9g) with boxes linecolor rgb "
                    "\"%s\" title columnheader(1)",
                    i ? ", " : "", i + 1, aside, width, colours[i % COLOURS]);
    }
    text_add(t, "\n");
}

static void write_script(struct text *t, const struct chart *c, enum chart_format format) {
    add_terminal(t, c, format);
    if (format != CHART_TEXT) {
        text_add(t, "set title ");
        quote_script(t, c->plot->title ? c->plot->title : "");
        text_add(t, "\nset grid linecolor rgb \"#dddddd\"\n");
    }
    text_add(t, "set key outside bottom center vertical Left reverse samplen 1 noenhanced\n");
    if (c->plot->z) {
        add_heat(t, c);
        return;
    }
    if (c->plot->bars && format != CHART_TEXT) {
        add_bars(t, c);
        return;
    }
    add_axis(t, c, 'x', c->plot->x_label, c->plot->log_x);
    add_axis(t, c, 'y', c->plot->y_label, c->plot->log_y);
    add_plot(t, c, format);
}

static void write_data(struct text *t, const struct chart *c) {
    text_add(t, "\"");
    quote_plot_name(t, c->caption);
    text_add(t, "\"\nNaN NaN\n");
    for (size_t i = 0; i < c->series_count; i++) {
        text_add(t, "\n\n\"");
        quote_plot_name(t, c->series[i].name);
        text_add(t, "\"\n");
        for (size_t j = 0; j < c->series[i].count; j++)
            text_format(t, "%.17g %.17g %.17g\n", c->series[i].x[j], c->series[i].y[j],
                        c->series[i].z[j]);
    }
}

static enum status save(const char *folder, const char *name, const struct text *t) {
    char path[512];
    if (!text_complete(t))
        return ST_SYSTEM;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wxe");
    size_t written = f ? fwrite(t->data, 1, t->size, f) : 0;
    if (!f || fclose(f) != 0 || written != t->size)
        return status_set(ST_SYSTEM, "%s: cannot write it: %s", path, strerror(errno));
    return ST_OK;
}

static enum status load(const char *folder, const char *name, struct text *out) {
    char path[512], buffer[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "re");
    if (!f)
        return status_set(ST_SYSTEM, "gnuplot left no drawing in %s: %s", folder, strerror(errno));
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, f)) > 0;)
        text_add_bytes(out, buffer, n);
    bool broken = ferror(f) != 0;
    (void)fclose(f);
    if (broken)
        return status_set(ST_SYSTEM, "%s: cannot read it", path);
    return text_complete(out) ? ST_OK : ST_SYSTEM;
}

/* Starts gnuplot in the folder with an environment of its own, so that no user setting changes a
 * byte; 0, or the error number of the start. */
static int start(const char *folder, pid_t *pid) {
    char path[1024], home[512];
    char *const argv[] = {"gnuplot", "-d", "script", NULL};
    char *const environment[] = {path, home, "LC_ALL=C", NULL};
    const char *search = getenv("PATH");
    (void)snprintf(path, sizeof path, "PATH=%s", search ? search : "/usr/bin:/bin");
    (void)snprintf(home, sizeof home, "HOME=%s", folder);
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawn_file_actions_addchdir_np(&actions, folder);
    for (int fd = 0; fd < 3 && !error; fd++)
        error = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null",
                                                 fd ? O_WRONLY : O_RDONLY, 0);
    if (!error)
        error = posix_spawnp(pid, "gnuplot", &actions, NULL, argv, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

static enum status run(const char *folder, const char *plot) {
    pid_t pid = 0;
    int error = start(folder, &pid);
    if (error == ENOENT || error == EACCES)
        return status_set(ST_SKIP,
                          "gnuplot is not installed: plots are left out (package gnuplot-nox)");
    if (error)
        return status_set(ST_SYSTEM, "gnuplot cannot be started: %s", strerror(error));
    int state = 0;
    while (waitpid(pid, &state, 0) < 0)
        if (errno != EINTR)
            return status_set(ST_SYSTEM, "gnuplot: %s", strerror(errno));
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        return status_set(ST_SYSTEM, "gnuplot failed on plot %s (wait status %d)", plot, state);
    return ST_OK;
}

static enum status draw_in(const char *folder, const struct chart *c, enum chart_format format,
                           struct text *out) {
    struct text script = {0}, data = {0};
    write_script(&script, c, format);
    write_data(&data, c);
    enum status st = save(folder, files[0], &script);
    if (st == ST_OK)
        st = save(folder, files[1], &data);
    if (st == ST_OK)
        st = run(folder, c->name);
    if (st == ST_OK)
        st = load(folder, files[2], out);
    text_free(&script);
    text_free(&data);
    return st;
}

/* gnuplot pads lines with blanks and frames the drawing with empty ones. */
static void trim_lines(struct text *t) {
    size_t to = 0, line = 0;
    for (size_t from = 0; from < t->size; from++) {
        char ch = t->data[from];
        if (ch == '\n') {
            while (to > line && t->data[to - 1] == ' ')
                to--;
            if (to == 0)
                continue;
            line = to + 1;
        }
        if (ch == '\n' || (unsigned char)ch >= ' ')
            t->data[to++] = ch;
    }
    while (to > 0 && (t->data[to - 1] == '\n' || t->data[to - 1] == ' '))
        to--;
    t->size = to;
    text_add(t, "\n");
}

enum status chart_draw(const struct chart *c, enum chart_format format, struct text *out) {
    if (c->plot->z && format == CHART_TEXT) {
        chart_heat_plain(c, out);
        return text_complete(out) ? ST_OK : ST_SYSTEM;
    }
    const char *parent = getenv("TMPDIR");
    char folder[256];
    int length = snprintf(folder, sizeof folder, "%s/attest-plot-XXXXXX",
                          parent && *parent ? parent : "/tmp");
    if (length < 0 || (size_t)length >= sizeof folder || !mkdtemp(folder))
        return status_set(ST_SYSTEM, "%s: no temporary folder for gnuplot: %s", folder,
                          strerror(errno));
    struct text drawing = {0};
    enum status st = draw_in(folder, c, format, &drawing);
    if (st == ST_OK) {
        if (format == CHART_TEXT)
            trim_lines(&drawing);
        text_add_bytes(out, drawing.data ? drawing.data : "", drawing.size);
        st = text_complete(out) ? ST_OK : ST_SYSTEM;
    }
    text_free(&drawing);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return st;
}
