/* Drives a server after a plan and says how fast it answered: driver PLAN
 *
 * Prints "begin" when the warm-up is over and "end" when the measured time is, each on a line of its own, so that
 * whoever started it can read the counters of the processes; then one line of JSON. Only 127.0.0.1 is ever addressed.
 */
#include "driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define DRAIN_S 30 /* at most: 64 requests to a peer that answers six a second take ten */
#define STILL_S 20 /* without any answer for so long, the server is taken for dead */

struct connection {
    int fd; /* -1: closed */
    int is_idle;
    const struct step *step; /* what is asked now */
    long number;             /* for whom */
    uint64_t sent_ns;
    size_t filled;
    char *buffer;
};

static struct plan plan;
static struct user *users;
static struct connection *connections;
static int epoll;
static long *ready, ready_from, ready_n; /* users whose code is there, first come first served */
static long waiting, next_user, cycles, cycles_in_all, errors, begun;
static struct samples step_samples[STEPS_MOST], cycle_samples, code_samples;
static uint64_t last_answer_ns;
static int is_measuring, is_draining;

static void release(long index) {
    users[index].is_busy = users[index].has_started = 0;
    users[index].code[0] = 0;
}

static void make_ready(long index) {
    waiting--;
    ready[(ready_from + ready_n++) % plan.users] = index;
}

static void take_code(long number, const char *code) {
    long index = number - plan.first_user;
    if (index < 0 || index >= plan.users || !users[index].is_busy || users[index].code[0]) return;
    snprintf(users[index].code, sizeof users[index].code, "%s", code);
    if (is_measuring) add_sample(&code_samples, now_ns() - users[index].ordered_ns);
    if (users[index].has_started) make_ready(index);
}

static void keep(const struct step *step, struct user *user, const char *body, size_t size) {
    for (int i = 0; i < step->captures_n; i++) {
        const struct capture *capture = &step->captures[i];
        const char *found = memmem(body, size, capture->marker, strlen(capture->marker));
        char **value = &user->values[name_index(capture->name)];
        if (!found && capture->is_kept) continue;
        free(*value);
        *value = NULL;
        if (!found) continue;
        found += strlen(capture->marker);
        const char *end = memchr(found, '"', (size_t)(body + size - found));
        if (end) *value = strndup(found, (size_t)(end - found));
    }
}

static void connect_again(struct connection *connection) {
    struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_port = htons(plan.target_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection->fd, (struct sockaddr *)&there, sizeof there)) fail("no connection: %s", strerror(errno));
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event)) fail("epoll: %s", strerror(errno));
}

static void ask(struct connection *connection, const struct step *step, long index) {
    char request[TEXT_MOST];
    size_t size = write_request(&plan, step, &users[index], plan.first_user + index, request);
    connection->step = step;
    connection->number = index;
    connection->is_idle = 0;
    connection->filled = 0;
    connection->sent_ns = now_ns();
    if (step == plan.steps) users[index].ordered_ns = connection->sent_ns;
    if (connection->fd < 0) connect_again(connection);
    ssize_t sent = send(connection->fd, request, size, MSG_NOSIGNAL);
    if (sent != (ssize_t)size) { /* the server closed a connection that it had kept */
        close(connection->fd);
        connect_again(connection);
        sent = send(connection->fd, request, size, MSG_NOSIGNAL);
        if (sent != (ssize_t)size) fail("a request could not be sent: %s", strerror(errno));
    }
}

/* The next user that nothing runs for, or -1. */
static long free_user(void) {
    for (long tried = 0; tried < plan.users; tried++) {
        long index = next_user;
        next_user = (next_user + 1) % plan.users;
        if (!users[index].is_busy) return index;
    }
    return -1;
}

/* Codes that came are typed first; otherwise another cycle begins, unless too many wait for their code. */
static void go_on(struct connection *connection) {
    if (ready_n) {
        long index = ready[ready_from];
        ready_from = (ready_from + 1) % plan.users;
        ready_n--;
        ask(connection, &plan.steps[1], index);
        return;
    }
    int may_begin = waiting < plan.waiting_most && !is_draining && (!plan.cycles_most || begun < plan.cycles_most);
    long index = may_begin ? free_user() : -1;
    connection->is_idle = index < 0;
    if (index < 0) return;
    users[index].is_busy = 1;
    begun++;
    if (plan.steps_n > 1) waiting++;
    ask(connection, plan.steps, index);
}

static void complain(const struct connection *connection, const struct answer *answer) {
    if (errors++ < 3)
        fprintf(stderr, "driver: %s answered %d: %.*s\n", connection->step->name, answer->status,
                (int)(answer->body_size < 600 ? answer->body_size : 600), answer->body);
}

static void finish_step(struct connection *connection, const struct answer *answer) {
    const struct step *step = connection->step;
    struct user *user = &users[connection->number];
    uint64_t now = now_ns();
    last_answer_ns = now;
    int is_right = answer->status == step->expected_status &&
                   memmem(answer->body, answer->body_size, step->expected_text, strlen(step->expected_text));
    int is_last = step == &plan.steps[plan.steps_n - 1];
    if (is_measuring) add_sample(&step_samples[step - plan.steps], now - connection->sent_ns);
    keep(step, user, answer->body, answer->body_size);
    if (!is_right) {
        complain(connection, answer);
        if (!is_last) waiting--;
        release(connection->number);
        return;
    }
    if (is_last) {
        cycles += is_measuring;
        cycles_in_all++;
        if (is_measuring) add_sample(&cycle_samples, now - user->ordered_ns);
        release(connection->number);
        return;
    }
    user->has_started = 1;
    if (user->code[0] || !plan.waits_for_code) make_ready(connection->number);
}

static void take_answer(struct connection *connection) {
    ssize_t got =
        recv(connection->fd, connection->buffer + connection->filled, BUFFER_MOST - connection->filled, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        close(connection->fd);
        connection->fd = -1;
        if (connection->is_idle) return;
        struct answer none = {.body = "closed without an answer", .body_size = 24};
        finish_step(connection, &none);
        go_on(connection);
        return;
    }
    connection->filled += (size_t)got;
    struct answer answer;
    read_answer(connection->buffer, connection->filled, &answer);
    if (!answer.size) {
        if (connection->filled == BUFFER_MOST) fail("an answer is too long");
        return;
    }
    finish_step(connection, &answer);
    if (answer.closes) {
        close(connection->fd);
        connection->fd = -1;
    }
    go_on(connection);
}

/* One "USER NAME VALUE" a line. */
static void read_values(void) {
    FILE *file = *plan.values_path ? fopen(plan.values_path, "r") : NULL;
    char line[TEXT_MOST], name[32], value[2048];
    long number;
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%ld %31s %2047s", &number, name, value) != 3) fail("no value: %s", line);
        if (number >= plan.first_user && number < plan.first_user + plan.users)
            users[number - plan.first_user].values[name_index(name)] = strdup(value);
    }
    if (file) fclose(file);
}

static void write_values(void) {
    FILE *file = *plan.values_path ? fopen(plan.values_path, "w") : NULL;
    for (long index = 0; file && index < plan.users; index++)
        for (int i = 0; name_at(i); i++)
            if (users[index].values[i])
                fprintf(file, "%ld %s %s\n", plan.first_user + index, name_at(i), users[index].values[i]);
    if (file && fclose(file)) fail("%s cannot be written", plan.values_path);
}

static double cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static int under_way(void) {
    int count = 0;
    for (int i = 0; i < plan.connections; i++) count += !connections[i].is_idle;
    return count;
}

/* Goes on until then, until so many cycles are over, or while draining until nothing runs any more. */
static void run_until(uint64_t end_ns, long cycles_most) {
    struct epoll_event events[256];
    while (now_ns() < end_ns && (!cycles_most || cycles + errors < cycles_most) && !(is_draining && !under_way() && !waiting && !ready_n)) {
        int count = epoll_wait(epoll, events, 256, 20);
        for (int i = 0; i < count; i++) {
            if (is_codes_event(events[i].data.ptr)) take_codes(events[i].data.ptr, events[i].events);
            else take_answer(events[i].data.ptr);
        }
        for (int i = 0; i < plan.connections; i++)
            if (connections[i].is_idle && (ready_n || waiting < plan.waiting_most)) go_on(&connections[i]);
        if (!is_draining && now_ns() - last_answer_ns > STILL_S * 1000000000ull)
            fail("no answer for %d s: %d requests under way, %ld codes awaited, %ld of %ld cycles over", STILL_S,
                 under_way(), waiting, cycles + errors, begun);
    }
}

static void tell(double seconds, double driver_cpu_s) {
    printf("{\"cycles\": %ld, \"cycles_in_all\": %ld, \"seconds\": %.6f, \"errors\": %ld, \"waiting\": %ld, \"driver_cpu_s\": %.3f, ", cycles,
           cycles_in_all, seconds, errors, waiting, driver_cpu_s);
    print_samples("cycle", &cycle_samples);
    printf(", ");
    print_samples("code", &code_samples);
    for (int i = 0; i < plan.steps_n; i++) {
        printf(", ");
        print_samples(plan.steps[i].name, &step_samples[i]);
    }
    printf("}\n");
}

int main(int count, char **arguments) {
    if (count != 2) fail("driver PLAN");
    read_plan(arguments[1], &plan);
    epoll = epoll_create1(0);
    users = calloc((size_t)plan.users, sizeof *users);
    ready = calloc((size_t)plan.users, sizeof *ready);
    connections = calloc((size_t)plan.connections, sizeof *connections);
    if (!users || !ready || !connections) fail("no memory");
    read_values();
    open_codes(epoll, &plan, take_code);
    last_answer_ns = now_ns();
    for (int i = 0; i < plan.connections; i++) {
        connections[i].fd = -1;
        if (!(connections[i].buffer = malloc(BUFFER_MOST))) fail("no memory");
        go_on(&connections[i]);
    }
    run_until(now_ns() + (uint64_t)(plan.warm_s * 1e9), 0);
    is_measuring = 1;
    errors = 0;
    puts("begin");
    fflush(stdout);
    double cpu = cpu_s();
    uint64_t from = now_ns();
    run_until(from + (uint64_t)(plan.measured_s * 1e9), plan.cycles_most);
    double seconds = (double)(now_ns() - from) / 1e9;
    cpu = cpu_s() - cpu;
    puts("end");
    fflush(stdout);
    /* What is under way ends by itself, or its code would come in the middle of the next run. */
    is_measuring = 0;
    is_draining = 1;
    run_until(now_ns() + DRAIN_S * 1000000000ull, 0);
    tell(seconds, cpu);
    write_values();
    return 0;
}
