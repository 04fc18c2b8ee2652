#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/escape.h"

enum { WIDTH = 28, LINE = 160 };

static struct {
    bool quiet, terminal, color, drawn;
    double began, last;
    char what[LINE];
} state;

static bool set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

void progress_start(bool quiet, enum progress_color color) {
    memset(&state, 0, sizeof state);
    state.quiet = quiet;
    state.terminal = isatty(STDERR_FILENO) == 1;
    state.color =
        color == PROGRESS_ALWAYS ||
        (color == PROGRESS_AUTO && (set("FORCE_COLOR") || (state.terminal && !set("NO_COLOR"))));
    state.began = clock_seconds();
}

static void draw_bar(double share, double elapsed) {
    char bar[WIDTH + 1];
    int full = (int)(share * WIDTH);
    for (int i = 0; i < WIDTH; i++) {
        bar[i] = i < full ? '#' : '.';
    }
    bar[WIDTH] = '\0';
    int left = share > 0.02 ? (int)(elapsed / share * (1 - share) + 0.5) : -1;
    const char *on = state.color ? "\033[36m" : "", *off = state.color ? "\033[0m" : "";
    fprintf(stderr, "\r%s[%s]%s %3d%%", on, bar, off, (int)(share * 100));
    if (left >= 0) {
        fprintf(stderr, " %d:%02d left", left / 60, left % 60);
    }
    fprintf(stderr, " %.60s\033[K", state.what);
    state.drawn = true;
}

void progress_update(double share, const char *what) {
    char shown[LINE];
    if (state.quiet) {
        return;
    }
    escape_text(what, shown, sizeof shown);
    bool changed = strcmp(shown, state.what) != 0;
    double t = clock_seconds();
    memcpy(state.what, shown, sizeof shown);
    if (state.terminal && (changed || t - state.last > 0.1)) {
        draw_bar(share, t - state.began);
        state.last = t;
    } else if (!state.terminal && changed) {
        fprintf(stderr, "%5.1f s %3d%% %s\n", t - state.began, (int)(share * 100), shown);
    }
}

static void clear_bar(void) {
    if (state.drawn) {
        fprintf(stderr, "\r\033[K");
        state.drawn = false;
    }
}

void progress_line(const char *text) {
    char shown[512];
    clear_bar();
    escape_text(text, shown, sizeof shown);
    if (!state.quiet) {
        fprintf(stderr, "%s%s%s\n", state.color ? "\033[33m" : "", shown,
                state.color ? "\033[0m" : "");
    }
}

void progress_end(void) { clear_bar(); }
