#include "run_path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "../base/escape.h"

static const char folder[] = "build/records";
static const char partial[] = ".partial";

enum status run_path_default(const char *name, const char *started, char out[PATH_MAX]) {
    char machine[40], stamp[32];
    environment_slug(machine, sizeof machine);
    size_t n = 0;
    for (const char *p = started; *p != '\0' && n + 1 < sizeof stamp; p++) { /* 20261122T073000Z */
        if (*p != '-' && *p != ':') {
            stamp[n++] = *p;
        }
    }
    stamp[n] = '\0';
    if ((mkdir("build", 0777) != 0 && errno != EEXIST) ||
        (mkdir(folder, 0777) != 0 && errno != EEXIST)) {
        return status_set(ST_SYSTEM, "%s: %s; name a file with --out", folder, strerror(errno));
    }
    snprintf(out, PATH_MAX, "%s/%s-%s-%s.h5", folder, name, machine, stamp);
    return ST_OK;
}

/* Length of the record's name if this is a journal's, else 0. */
static size_t journal_stem(const char *name) {
    size_t length = strlen(name), tail = sizeof partial - 1;
    return length > tail && strcmp(name + length - tail, partial) == 0 ? length - tail : 0;
}

void run_path_unfinished(char out[PATH_MAX]) {
    struct timespec newest = {0};
    DIR *dir = opendir(folder);
    out[0] = '\0';
    for (const struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        struct stat s;
        size_t stem = journal_stem(e->d_name);
        if (stem == 0 || fstatat(dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        bool newer = s.st_mtim.tv_sec != newest.tv_sec ? s.st_mtim.tv_sec > newest.tv_sec
                                                       : s.st_mtim.tv_nsec > newest.tv_nsec;
        if (newer) {
            newest = s.st_mtim;
            snprintf(out, PATH_MAX, "%s/%.*s", folder, (int)stem, e->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

enum status run_path_check(const char *path) {
    char parent[PATH_MAX], shown[ESCAPE_LINE];
    struct stat s;
    const char *slash = strrchr(path, '/');
    snprintf(parent, sizeof parent, "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1,
             slash != NULL ? path : ".");
    if (access(parent, W_OK | X_OK) != 0) {
        int error = errno;
        escape_text(parent, shown, sizeof shown);
        return status_set(ST_SYSTEM, "%s: folder of the record: %s; choose another with --out",
                          shown, strerror(error));
    }
    if (lstat(path, &s) == 0 && !S_ISREG(s.st_mode)) {
        escape_text(path, shown, sizeof shown);
        return status_set(ST_SYSTEM, "%s: in the way and no regular file; choose another --out",
                          shown);
    }
    return ST_OK;
}
