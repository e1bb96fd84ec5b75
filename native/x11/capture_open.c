/* Starting and ending a capture: what the server must offer, and the events that drive the thread. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xcb/randr.h>
#include <xcb/xinput.h>

#include "capture.h"
#include "monitors.h"

#define MAX_FPS 1000

/* Shared memory goes to the server as a file descriptor, which only a local socket carries. */
static bool is_local(xcb_connection_t *c)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;

    return getpeername(xcb_get_file_descriptor(c), (struct sockaddr *)&peer, &length) == 0 && peer.ss_family == AF_UNIX;
}

static int need_extensions(xcb_connection_t *c, const char *name, fl_why why)
{
    const struct {
        xcb_extension_t *extension;
        const char *name;
    } needed[] = {{&xcb_shm_id, "MIT-SHM"},
                  {&xcb_damage_id, "DAMAGE"},
                  {&xcb_xfixes_id, "XFIXES"},
                  {&xcb_randr_id, "RANDR"},
                  {&xcb_input_id, "XInputExtension"}};

    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        xcb_prefetch_extension_data(c, needed[i].extension);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!fl_x11_extension(c, needed[i].extension))
            return fl_because(why, -ENOTSUP, "the X server of display %s lacks the extension %s", name, needed[i].name);
    return 0;
}

/* Each extension must hear a version before it is used. Of their versions only those of shared memory (descriptors),
 * and of input (raw motion) are in doubt. */
static int agree_on_versions(xcb_connection_t *c, const char *name, fl_why why)
{
    xcb_shm_query_version_cookie_t shm = xcb_shm_query_version(c);
    xcb_damage_query_version_cookie_t damage = xcb_damage_query_version(c, 1, 1);
    xcb_xfixes_query_version_cookie_t xfixes = xcb_xfixes_query_version(c, 4, 0);
    xcb_randr_query_version_cookie_t randr = xcb_randr_query_version(c, 1, 2);
    xcb_input_xi_query_version_cookie_t input = xcb_input_xi_query_version(c, 2, 1);
    xcb_shm_query_version_reply_t *shm_reply = xcb_shm_query_version_reply(c, shm, NULL);
    xcb_input_xi_query_version_reply_t *input_reply;
    bool memory, motion;

    free(xcb_damage_query_version_reply(c, damage, NULL));
    free(xcb_xfixes_query_version_reply(c, xfixes, NULL));
    free(xcb_randr_query_version_reply(c, randr, NULL));
    input_reply = xcb_input_xi_query_version_reply(c, input, NULL);
    memory = shm_reply && (shm_reply->major_version > 1 || shm_reply->minor_version >= 2);
    motion = input_reply && input_reply->major_version >= 2;
    free(shm_reply);
    free(input_reply);
    if (!memory)
        return fl_because(why, -ENOTSUP, "the X server of display %s has a MIT-SHM older than 1.2", name);
    if (!motion)
        return fl_because(why, -ENOTSUP, "the X server of display %s has an XInput older than 2", name);
    return 0;
}

static const xcb_format_t *format_of(const xcb_setup_t *setup, uint8_t depth)
{
    xcb_format_iterator_t i = xcb_setup_pixmap_formats_iterator(setup);

    for (; i.rem; xcb_format_next(&i))
        if (i.data->depth == depth)
            return i.data;
    return NULL;
}

static const xcb_visualtype_t *visual_of(const xcb_screen_t *screen)
{
    xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(screen);

    for (; d.rem; xcb_depth_next(&d)) {
        xcb_visualtype_iterator_t v = xcb_depth_visuals_iterator(d.data);

        for (; v.rem; xcb_visualtype_next(&v))
            if (v.data->visual_id == screen->root_visual)
                return v.data;
    }
    return NULL;
}

static int need_bgrx(xcb_connection_t *c, const xcb_screen_t *screen, const char *name, fl_why why)
{
    const xcb_setup_t *setup = xcb_get_setup(c);
    const xcb_format_t *format = format_of(setup, screen->root_depth);
    const xcb_visualtype_t *visual = visual_of(screen);

    if (screen->root_depth != 24 && screen->root_depth != 32)
        return fl_because(why, -ENOTSUP, "display %s has %d bits a pixel, and fanlight needs 24 or 32", name,
                          screen->root_depth);
    if (!format || format->bits_per_pixel != 32 || setup->image_byte_order != XCB_IMAGE_ORDER_LSB_FIRST || !visual ||
        visual->red_mask != 0xff0000 || visual->green_mask != 0xff00 || visual->blue_mask != 0xff)
        return fl_because(why, -ENOTSUP, "display %s does not keep its pixels as BGRX in 32 bits", name);
    return 0;
}

/* A framebuffer that cannot be mapped is no failure: shared memory does as well, only slower. */
static void map_framebuffer(fl_x11 *x, const char *path)
{
    if (!path || fl_x11_map(path, &x->mapped, (fl_why){x->unmapped, sizeof x->unmapped}))
        return;
    x->is_mapped = true;
    xcb_xfixes_hide_cursor(x->c, x->root);
}

static int find_area(fl_x11 *x, const char *name, fl_why why)
{
    int code = x->monitor ? fl_x11_agree_on_monitors(x->c, name, why) : 0;

    if (code)
        return code;
    if (fl_x11_measure(x) == -ENODEV)
        return fl_because(why, -ENODEV, "display %s has no monitor %s", name, x->monitor);
    return 0;
}

static int make_first_picture(fl_x11 *x, const char *name, fl_why why)
{
    int code = fl_x11_fit(x);

    if (code == -EACCES)
        return fl_because(why, -ENOTSUP, "the X server of display %s refused shared memory (MIT-SHM)", name);
    if (code == -EFBIG)
        return fl_because(why, code, "display %s is %d x %d pixels, more than fanlight can show", name, x->w, x->h);
    if (code)
        return fl_because(why, code, "no shared memory for a picture of %d x %d: %s", x->w, x->h, strerror(-code));
    return 0;
}

static void select_events(fl_x11 *x)
{
    const uint32_t structure = XCB_EVENT_MASK_STRUCTURE_NOTIFY;
    const struct {
        xcb_input_event_mask_t head;
        uint32_t mask;
    } motion = {{XCB_INPUT_DEVICE_ALL_MASTER, 1},
                /* Raw: the mouse, whoever takes its events. Plain: also where a program puts the pointer, but only over
                 * windows that do not ask for motion themselves; elsewhere that is seen with the next frame. */
                XCB_INPUT_XI_EVENT_MASK_RAW_MOTION | XCB_INPUT_XI_EVENT_MASK_MOTION};

    x->damage_notify = (uint8_t)(fl_x11_extension(x->c, &xcb_damage_id)->first_event + XCB_DAMAGE_NOTIFY);
    x->cursor_notify = (uint8_t)(fl_x11_extension(x->c, &xcb_xfixes_id)->first_event + XCB_XFIXES_CURSOR_NOTIFY);
    x->screen_notify = (uint8_t)(fl_x11_extension(x->c, &xcb_randr_id)->first_event + XCB_RANDR_SCREEN_CHANGE_NOTIFY);
    x->xinput = fl_x11_extension(x->c, &xcb_input_id)->major_opcode;

    xcb_change_window_attributes(x->c, x->root, XCB_CW_EVENT_MASK, &structure);
    xcb_randr_select_input(x->c, x->root, XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE);
    xcb_xfixes_select_cursor_input(x->c, x->root, XCB_XFIXES_CURSOR_NOTIFY_MASK_DISPLAY_CURSOR);
    xcb_input_xi_select_events(x->c, x->root, 1, &motion.head);
    x->region = xcb_generate_id(x->c);
    xcb_xfixes_create_region(x->c, x->region, 0, NULL);
    /* An event when damage begins, and when its bounds grow until it is taken: so the first request for pixels can go
     * out with the one for the damage, and drawing in one place costs nothing while nobody looks. */
    x->damage = xcb_generate_id(x->c);
    xcb_damage_create(x->c, x->damage, x->root, XCB_DAMAGE_REPORT_LEVEL_BOUNDING_BOX);
}

/* So that it is known from the start. */
static void see_pointer(fl_x11 *x)
{
    fl_x11_question question;

    x->todo.cursor = true;
    question = fl_x11_ask_pointer(x);
    fl_x11_hear_place(x, xcb_query_pointer_reply(x->c, question.place, NULL));
    fl_x11_hear_shape(x, xcb_xfixes_get_cursor_image_reply(x->c, question.image, NULL));
    x->news = 0;
}

/* What the thread sleeps on. */
static int make_minded(fl_x11 *x)
{
    struct epoll_event server = {.events = EPOLLIN | EPOLLONESHOT, .data.fd = xcb_get_file_descriptor(x->c)};
    struct epoll_event signals = {.events = EPOLLIN, .data.fd = x->thread_fd};

    x->minded_fd = epoll_create1(EPOLL_CLOEXEC);
    if (x->minded_fd < 0 || epoll_ctl(x->minded_fd, EPOLL_CTL_ADD, server.data.fd, &server) < 0 ||
        epoll_ctl(x->minded_fd, EPOLL_CTL_ADD, signals.data.fd, &signals) < 0)
        return -errno;
    return 0;
}

/* Signals are for the program's own threads. */
static int start_thread(fl_x11 *x)
{
    sigset_t all, before;
    int code = make_minded(x);

    if (code)
        return code;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&x->thread, NULL, fl_x11_thread, x);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!code)
        pthread_setname_np(x->thread, "fl-capture");
    return -code;
}

static void dispose(fl_x11 *x)
{
    if (x->c) {
        fl_x11_picture_detach(x->c, &x->picture);
        xcb_disconnect(x->c);
    }
    fl_x11_memory_release(x->handed);
    fl_x11_unmap(&x->mapped);
    fl_x11_kept_free(&x->kept);
    free(x->monitor);
    free(x->sprite.pixels);
    if (x->thread_fd >= 0)
        close(x->thread_fd);
    if (x->consumer_fd >= 0)
        close(x->consumer_fd);
    if (x->minded_fd >= 0)
        close(x->minded_fd);
    pthread_mutex_destroy(&x->lock);
    free(x);
}

static int prepare(fl_x11 *x, const char *display, const fl_x11_options *options, fl_why why)
{
    const char *name = fl_x11_name(display);
    xcb_screen_t *screen;
    int code;

    code = fl_x11_connect(display, &x->c, &screen, why);
    if (code)
        return code;
    x->root = screen->root;
    if (!is_local(x->c))
        return fl_because(why, -ENOTSUP, "display %s is remote, and shared memory (MIT-SHM) is local", name);
    code = need_extensions(x->c, name, why);
    if (!code)
        code = agree_on_versions(x->c, name, why);
    if (!code)
        code = need_bgrx(x->c, screen, name, why);
    if (!code)
        code = find_area(x, name, why);
    if (code)
        return code;
    map_framebuffer(x, options->framebuffer);
    code = make_first_picture(x, name, why);
    if (code)
        return code;
    select_events(x);
    see_pointer(x);
    x->todo.misfit = false;
    x->todo.damage = x->todo.everything = true;
    x->todo.damaged_at_ns = fl_x11_now();
    return 0;
}

int fl_x11_open(const char *display, const fl_x11_options *options, fl_x11 **out, char *why, int why_size)
{
    fl_why reason = {why, why_size};
    fl_x11 *x;
    int code;

    if (!out || !options || options->max_fps < 1 || options->max_fps > MAX_FPS)
        return fl_because(reason, -EINVAL, "max_fps must lie between 1 and %d", MAX_FPS);
    x = calloc(1, sizeof *x);
    if (!x)
        return fl_because(reason, -ENOMEM, "out of memory");
    pthread_mutex_init(&x->lock, NULL);
    x->interval_ns = 1000000000 / options->max_fps;
    x->compare = options->compare;
    x->monitor = options->monitor ? strdup(options->monitor) : NULL;
    x->minded_fd = -1;
    x->thread_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    x->consumer_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    code = x->thread_fd < 0 || x->consumer_fd < 0 ? fl_because(reason, -EMFILE, "too many open files") : 0;
    if (options->monitor && !x->monitor)
        code = fl_because(reason, -ENOMEM, "out of memory");
    if (!code)
        code = prepare(x, display, options, reason);
    if (!code && (code = start_thread(x)) != 0)
        fl_because(reason, code, "no thread for capturing: %s", strerror(-code));
    if (code) {
        dispose(x);
        return code;
    }
    *out = x;
    return 0;
}

void fl_x11_close(fl_x11 *x)
{
    if (!x)
        return;
    pthread_mutex_lock(&x->lock);
    x->stopped = true;
    pthread_mutex_unlock(&x->lock);
    fl_x11_signal(x->thread_fd);
    /* Ends even a wait for the answer of a server that hangs. */
    shutdown(xcb_get_file_descriptor(x->c), SHUT_RDWR);
    pthread_join(x->thread, NULL);
    dispose(x);
}
