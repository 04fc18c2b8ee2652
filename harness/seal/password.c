/* Passwords. Reading is byte by byte: no buffer of the C library ever holds one. */
#include "password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "../base/escape.h"
#include "minisign.h"

/* --- a line --------------------------------------------------------------------------------- */

/* Set by a signal that arrives while the terminal does not echo. */
static volatile sig_atomic_t caught;

static void note_signal(int signal) { caught = signal; }

/* Reads up to LF or the end, which it leaves out.  from: what messages call the place. */
static enum status read_line(int fd, const char *from, char password[MINISIGN_PASSWORD]) {
    size_t length = 0;
    for (;;) {
        char c = '\0';
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR && caught == 0)
            continue;
        if (got < 0)
            return status_set(ST_INPUT, "%s: cannot read a password: %s", from, strerror(errno));
        if (got == 0 || c == '\n')
            break;
        if (c == '\0' || c == '\r' || length == MINISIGN_PASSWORD - 1)
            return status_set(ST_INPUT, "%s: a password is one line of 1 to %d bytes", from,
                              MINISIGN_PASSWORD - 1);
        password[length++] = c;
    }
    password[length] = '\0';
    if (length == 0)
        return status_set(ST_INPUT, "%s: an empty password: secret keys are encrypted", from);
    return ST_OK;
}

/* --- terminal ------------------------------------------------------------------------------- */

static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

static void say(const char *text) {
    /* A prompt that cannot be shown is no reason not to read. */
    ssize_t unused = write(STDERR_FILENO, text, strlen(text));
    (void)unused;
}

/* One line without echo.  A signal that would end or stop the program waits until the terminal
 * echoes again. */
static enum status ask_once(const char *prompt, char password[MINISIGN_PASSWORD]) {
    struct sigaction kept[SIGNALS], catching = {.sa_handler = note_signal};
    struct termios before, silent;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return status_set(ST_SYSTEM, "the terminal cannot be set: %s", strerror(errno));
    sigemptyset(&catching.sa_mask);
    caught = 0;
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &catching, &kept[i]);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    enum status st = ST_OK;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) != 0)
        st = status_set(ST_SYSTEM, "the terminal cannot be set: %s", strerror(errno));
    if (st == ST_OK) {
        say(prompt);
        st = read_line(STDIN_FILENO, "terminal", password);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        say("\n");
    }
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &kept[i], NULL);
    if (caught != 0)
        raise(caught);
    return st;
}

static enum status ask(bool twice, char password[MINISIGN_PASSWORD]) {
    enum status st = ask_once("Password: ", password);
    if (st != ST_OK || !twice)
        return st;
    char *again = sodium_malloc(MINISIGN_PASSWORD);
    if (again == NULL)
        return status_set(ST_SYSTEM, "no memory for a password");
    st = ask_once("Password (one more time): ", again);
    if (st == ST_OK && strcmp(password, again) != 0)
        st = status_set(ST_INPUT, "the two passwords differ: nothing was done");
    sodium_free(again);
    return st;
}

/* --- file ----------------------------------------------------------------------------------- */

/* A pipe may be named too, as shells do for <(command). */
static enum status read_file(const char *path, char password[MINISIGN_PASSWORD]) {
    char shown[ESCAPE_LINE];
    struct stat s;
    escape_text(path, shown, sizeof shown);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return status_set(ST_INPUT, "%s: cannot open: %s", shown, strerror(errno));
    enum status st;
    if (fstat(fd, &s) != 0 || (S_ISREG(s.st_mode) && (s.st_mode & (S_IRWXG | S_IRWXO)) != 0))
        st = status_set(ST_INPUT, "%s: others may read this password: chmod 600 %s", shown, shown);
    else
        st = read_line(fd, shown, password);
    close(fd);
    return st;
}

enum status password_read(const char *file, bool twice, char **password) {
    *password = sodium_init() < 0 ? NULL : sodium_malloc(MINISIGN_PASSWORD);
    if (*password == NULL)
        return status_set(ST_SYSTEM, "no memory for a password");
    enum status st;
    if (file != NULL)
        st = read_file(file, *password);
    else if (isatty(STDIN_FILENO))
        st = ask(twice, *password);
    else
        st = read_line(STDIN_FILENO, "standard input", *password);
    if (st != ST_OK) {
        sodium_free(*password);
        *password = NULL;
    }
    return st;
}

void password_free(char *password) { sodium_free(password); }
