/* Injecting input with XTEST. What is held is remembered, so that it can always be let go of. */
#include <errno.h>
#include <stdlib.h>

#include <xcb/xtest.h>

#include "keymap.h"
#include "x11.h"

#define MAX_BUTTON 15
#define MAX_KEYSYM 0x1fffffff

struct fl_input {
    xcb_connection_t *c;
    xcb_window_t root;
    fl_keymap keymap;
    bool stale;              /* the mapping changed since it was read */
    xcb_keysym_t held[256];  /* by keycode: the keysym that was pressed with it, or 0 */
    uint32_t buttons;        /* bit n: button n is down */
};

static int flush(fl_input *in)
{
    xcb_flush(in->c);
    return xcb_connection_has_error(in->c) ? -EPIPE : 0;
}

static void fake(fl_input *in, uint8_t type, int detail, int x, int y)
{
    xcb_test_fake_input(in->c, type, (uint8_t)detail, XCB_CURRENT_TIME, in->root, (int16_t)x, (int16_t)y, 0);
}

static void fake_key(fl_input *in, int keycode, bool down)
{
    fake(in, down ? XCB_KEY_PRESS : XCB_KEY_RELEASE, keycode, 0, 0);
}

static void take_events(fl_input *in)
{
    xcb_generic_event_t *event;

    while ((event = xcb_poll_for_event(in->c)) != NULL) {
        if ((event->response_type & 0x7f) == XCB_MAPPING_NOTIFY)
            in->stale = true;
        free(event);
    }
}

/* Another client, or we, may have changed the mapping since it was read. */
static int refresh(fl_input *in)
{
    take_events(in);
    if (!in->stale)
        return 0;
    in->stale = false;
    return fl_keymap_load(&in->keymap, in->c);
}

int fl_input_open(const char *display, fl_input **out, char *why, int why_size)
{
    fl_why reason = {why, why_size};
    xcb_screen_t *screen;
    fl_input *in;
    int code;

    if (!out)
        return -EINVAL;
    in = calloc(1, sizeof *in);
    if (!in)
        return fl_because(reason, -ENOMEM, "out of memory");
    code = fl_x11_connect(display, &in->c, &screen, reason);
    if (code)
        goto fail;
    in->root = screen->root;
    if (!fl_x11_extension(in->c, &xcb_test_id)) {
        code =
            fl_because(reason, -ENOTSUP, "the X server of display %s lacks the extension XTEST", fl_x11_name(display));
        goto fail;
    }
    /* Menus and dialogs grab the server; input must still reach them. */
    xcb_test_grab_control(in->c, 1);
    code = fl_keymap_load(&in->keymap, in->c);
    if (code) {
        fl_because(reason, code, "the X server of display %s went away", fl_x11_name(display));
        goto fail;
    }
    *out = in;
    return 0;

fail:
    if (in->c)
        xcb_disconnect(in->c);
    free(in->keymap.table);
    free(in);
    return code;
}

int fl_input_move(fl_input *in, int x, int y)
{
    if (!in || x < 0 || y < 0 || x > INT16_MAX || y > INT16_MAX)
        return -EINVAL;
    take_events(in);
    fake(in, XCB_MOTION_NOTIFY, 0, x, y);
    return flush(in);
}

int fl_input_button(fl_input *in, int button, int down)
{
    if (!in || button < 1 || button > MAX_BUTTON)
        return -EINVAL;
    take_events(in);
    fake(in, down ? XCB_BUTTON_PRESS : XCB_BUTTON_RELEASE, button, 0, 0);
    in->buttons = down ? in->buttons | 1u << button : in->buttons & ~(1u << button);
    return flush(in);
}

/* Modifiers and group now in force, also those of the person at the host. */
static int modifiers(fl_input *in, uint16_t *state)
{
    xcb_query_pointer_reply_t *reply = xcb_query_pointer_reply(in->c, xcb_query_pointer(in->c, in->root), NULL);

    if (!reply)
        return -EPIPE;
    *state = reply->mask;
    free(reply);
    return 0;
}

/* Press or release those Shift keys that are down in `keys`. */
static void fake_shifts(fl_input *in, const xcb_query_keymap_reply_t *keys, bool down)
{
    for (int i = 0; i < in->keymap.n_shifts; i++) {
        int code = in->keymap.shifts[i];

        if (keys->keys[code / 8] & 1 << code % 8)
            fake_key(in, code, down);
    }
}

static int press_unshifted(fl_input *in, int keycode)
{
    xcb_query_keymap_reply_t *keys = xcb_query_keymap_reply(in->c, xcb_query_keymap(in->c), NULL);

    if (!keys)
        return -EPIPE;
    fake_shifts(in, keys, false);
    fake_key(in, keycode, true);
    fake_shifts(in, keys, true);
    free(keys);
    return flush(in);
}

/* Press with Shift put right for the moment of the press. */
static int press_shifted(fl_input *in, fl_stroke stroke)
{
    bool add = stroke.shift == 1 && in->keymap.n_shifts;

    if (stroke.shift == 0)
        return press_unshifted(in, stroke.keycode);
    if (add)
        fake_key(in, in->keymap.shifts[0], true);
    fake_key(in, stroke.keycode, true);
    if (add)
        fake_key(in, in->keymap.shifts[0], false);
    return flush(in);
}

/* The keysyms of Latin-1 characters have a second name among those of Unicode. */
static xcb_keysym_t plain_name(xcb_keysym_t keysym)
{
    xcb_keysym_t code = keysym & 0xffffff;
    bool latin = (code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code <= 0xff);

    return (keysym & 0xff000000) == 0x01000000 && latin ? code : keysym;
}

static int keycode_holding(const fl_input *in, xcb_keysym_t keysym)
{
    for (int code = 0; code < 256; code++)
        if (in->held[code] == keysym)
            return code;
    return 0;
}

static int find_stroke(fl_input *in, xcb_keysym_t keysym, fl_stroke *stroke)
{
    uint16_t state;
    int code;

    if (modifiers(in, &state) < 0)
        return -EPIPE;
    if (fl_keymap_find(&in->keymap, keysym, state, stroke))
        return 0;
    code = fl_keymap_lend(&in->keymap, in->c, keysym, in->held);
    if (code < 0)
        return code;
    /* A server that did not take the new mapping over has no key for it. */
    return fl_keymap_find(&in->keymap, keysym, state, stroke) ? 0 : -ENOSPC;
}

static int press(fl_input *in, xcb_keysym_t keysym)
{
    fl_stroke stroke;
    int code = refresh(in);

    if (!code)
        code = find_stroke(in, keysym, &stroke);
    if (code)
        return code;
    in->held[stroke.keycode] = keysym;
    return press_shifted(in, stroke);
}

/* A key that was pressed under one Shift state may be released under another name: then its key is let go of. */
static int release(fl_input *in, xcb_keysym_t keysym)
{
    int code = keycode_holding(in, keysym);
    fl_stroke stroke;

    take_events(in);
    if (!code && fl_keymap_find(&in->keymap, keysym, 0, &stroke) && in->held[stroke.keycode])
        code = stroke.keycode;
    if (!code)
        return flush(in);
    in->held[code] = 0;
    fake_key(in, code, false);
    return flush(in);
}

int fl_input_key(fl_input *in, uint32_t keysym, int down)
{
    if (!in || keysym == 0 || keysym > MAX_KEYSYM)
        return -EINVAL;
    return down ? press(in, plain_name(keysym)) : release(in, plain_name(keysym));
}

static void release_all(fl_input *in)
{
    for (int code = 0; code < 256; code++)
        if (in->held[code])
            fake_key(in, code, false);
    for (int button = 1; button <= MAX_BUTTON; button++)
        if (in->buttons & 1u << button)
            fake(in, XCB_BUTTON_RELEASE, button, 0, 0);
}

void fl_input_close(fl_input *in)
{
    if (!in)
        return;
    release_all(in);
    refresh(in);
    fl_keymap_close(&in->keymap, in->c);
    /* The answer to any request says that all before it is done. */
    free(xcb_get_input_focus_reply(in->c, xcb_get_input_focus(in->c), NULL));
    xcb_disconnect(in->c);
    free(in);
}
