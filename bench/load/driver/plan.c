/* Reads a plan, one "key rest-of-line" a line, and writes requests from its templates.
 *
 * In a path, a header or a body, {user} is the number of the user, {ip} an address of his own, {code} the code that
 * came, {turn} the number of the request, and {name} what an earlier answer was captured for.
 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char names[NAMES_MOST][32];
static int names_n;

int name_index(const char *name) {
    for (int i = 0; i < names_n; i++)
        if (!strcmp(names[i], name)) return i;
    if (names_n == NAMES_MOST) fail("more than %d captured names", NAMES_MOST);
    snprintf(names[names_n], sizeof names[0], "%s", name);
    return names_n++;
}

const char *name_at(int index) {
    return index < names_n ? names[index] : NULL;
}

static void copy(char *into, size_t room, const char *text, const char *key) {
    if (strlen(text) >= room) fail("%s is too long", key);
    strcpy(into, text);
}

/* "NAME MARKER" */
static void read_capture(struct step *step, const char *text, int is_kept) {
    if (step->captures_n == NAMES_MOST) fail("more than %d captures in a step", NAMES_MOST);
    struct capture *capture = &step->captures[step->captures_n++];
    const char *space = strchr(text, ' ');
    if (!space || (size_t)(space - text) >= sizeof capture->name) fail("capture NAME MARKER: %s", text);
    memcpy(capture->name, text, (size_t)(space - text));
    copy(capture->marker, sizeof capture->marker, space + 1, "capture");
    capture->is_kept = is_kept;
    name_index(capture->name);
}

static int read_step_line(struct step *step, const char *key, const char *text) {
    if (!strcmp(key, "method")) copy(step->method, sizeof step->method, text, key);
    else if (!strcmp(key, "path")) copy(step->path, sizeof step->path, text, key);
    else if (!strcmp(key, "body")) copy(step->body, sizeof step->body, text, key);
    else if (!strcmp(key, "status")) step->expected_status = atoi(text);
    else if (!strcmp(key, "expect")) copy(step->expected_text, sizeof step->expected_text, text, key);
    else if (!strcmp(key, "capture")) read_capture(step, text, 0);
    else if (!strcmp(key, "keep")) read_capture(step, text, 1);
    else if (!strcmp(key, "header")) {
        if (strlen(step->headers) + strlen(text) + 3 > sizeof step->headers) fail("headers are too long");
        strcat(strcat(step->headers, text), "\r\n");
    } else return 0;
    return 1;
}

static int read_plan_line(struct plan *plan, const char *key, const char *text) {
    if (!strcmp(key, "target_port")) plan->target_port = (uint16_t)atoi(text);
    else if (!strcmp(key, "datagram_port")) plan->datagram_port = (uint16_t)atoi(text);
    else if (!strcmp(key, "smtp_port")) plan->smtp_port = (uint16_t)atoi(text);
    else if (!strcmp(key, "connections")) plan->connections = atoi(text);
    else if (!strcmp(key, "warm_s")) plan->warm_s = atof(text);
    else if (!strcmp(key, "measured_s")) plan->measured_s = atof(text);
    else if (!strcmp(key, "cycles_most")) plan->cycles_most = atol(text);
    else if (!strcmp(key, "first_user")) plan->first_user = atol(text);
    else if (!strcmp(key, "users")) plan->users = atol(text);
    else if (!strcmp(key, "values")) copy(plan->values_path, sizeof plan->values_path, text, key);
    else if (!strcmp(key, "waiting_most")) plan->waiting_most = atol(text);
    else return 0;
    return 1;
}

void read_plan(const char *path, struct plan *plan) {
    memset(plan, 0, sizeof *plan);
    plan->waiting_most = 1024;
    FILE *file = fopen(path, "r");
    if (!file) fail("%s cannot be read", path);
    char line[TEXT_MOST];
    struct step *step = NULL;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        if (!*line) continue;
        char *text = strchr(line, ' ');
        if (text) *text++ = 0;
        else text = line + strlen(line);
        if (!strcmp(line, "step")) {
            if (plan->steps_n == STEPS_MOST) fail("more than %d steps", STEPS_MOST);
            step = &plan->steps[plan->steps_n++];
            copy(step->name, sizeof step->name, text, "step");
        } else if (!(step ? read_step_line(step, line, text) : read_plan_line(plan, line, text)))
            fail("unknown key %s", line);
    }
    fclose(file);
    if (!plan->target_port || plan->connections < 1 || plan->users < 1 || !plan->steps_n)
        fail("a plan needs target_port, connections, users and a step");
    plan->waits_for_code = plan->datagram_port || plan->smtp_port;
}

static const char *value_of(const char *name, const struct user *user, long number, long turn, char *room) {
    if (!strcmp(name, "user")) sprintf(room, "%ld", number);
    else if (!strcmp(name, "turn")) sprintf(room, "%ld", turn);
    /* 100.64.0.0/10 is nobody's (RFC 6598); an address of his own for each of four million users. */
    else if (!strcmp(name, "ip"))
        sprintf(room, "100.%ld.%ld.%ld", 64 + (number >> 16) % 64, (number >> 8) & 255, number & 255);
    else if (!strcmp(name, "code")) return user->code;
    else {
        for (int i = 0; i < names_n; i++)
            if (!strcmp(names[i], name)) return user->values[i] ? user->values[i] : "";
        return NULL;
    }
    return room;
}

/* Only {lower_case} is a name; other braces are JSON. */
static size_t expand(const char *template, const struct user *user, long number, long turn, char *into, size_t room) {
    size_t size = 0;
    while (*template) {
        size_t length = *template == '{' ? strspn(template + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
        char name[64], number_text[48];
        const char *value = NULL;
        if (length && length < sizeof name && template[1 + length] == '}') {
            memcpy(name, template + 1, length);
            name[length] = 0;
            value = value_of(name, user, number, turn, number_text);
            if (!value) fail("nothing is called {%s}", name);
        }
        size_t added = value ? strlen(value) : 1;
        if (size + added >= room) fail("a request is too long");
        memcpy(into + size, value ? value : template, added);
        size += added;
        template += value ? length + 2 : 1;
    }
    into[size] = 0;
    return size;
}

size_t write_request(const struct plan *plan, const struct step *step, const struct user *user, long number, char *into) {
    static long turn;
    char path[TEXT_MOST / 4], headers[TEXT_MOST / 2], body[TEXT_MOST / 4];
    turn++;
    expand(step->path, user, number, turn, path, sizeof path);
    expand(step->headers, user, number, turn, headers, sizeof headers);
    size_t body_size = expand(step->body, user, number, turn, body, sizeof body);
    int size = snprintf(into, TEXT_MOST, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%sContent-Length: %zu\r\n\r\n%s",
                        step->method, path, plan->target_port, headers, body_size, body);
    if (size >= TEXT_MOST) fail("a request is too long");
    return (size_t)size;
}
