"""The rules of access, each with the tests that show it: allowed, refused, and after a restart.

This page is the way from a rule to its proof; that the tests it names exist is a test itself.
"""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS = Path(__file__).parents[1]


class Shown(NamedTuple):
    """Tests of one rule, as "file test" without what is the same in all."""

    allowed: tuple[str, ...]
    refused: tuple[str, ...]
    restarted: tuple[str, ...]


RULES = {
    "default: unattended access is off, every request asks the person": Shown(
        (
            "access/rules unattended_access_stays_as_it_was_set_after_a_restart",
            "access/prompts requests_are_shown_at_first",
        ),
        (
            "access/rules unattended_access_is_off_at_first_and_a_password_does_not_switch_it_on",
            "cli/access a_new_home_lets_nobody_in_without_a_person",
            "client/connect the_right_password_opens_nothing_while_unattended_access_is_off",
        ),
        ("access/rules unattended_access_stays_as_it_was_set_after_a_restart",),
    ),
    "interactive access: always, window, never": Shown(
        (
            "access/prompts requests_are_shown_at_first",
            "session/coming_in a_request_is_shown_while_the_console_is_open",
            "cli/sessions_command the_console_answers_requests",
            "cli/dialog_command a_window_that_a_person_opened_is_the_console",
        ),
        (
            "access/prompts requests_may_be_shown_never",
            "cli/sessions_command a_request_that_is_never_shown_exits_3",
            "cli/access interactive_access_has_three_modes_and_never_warns",
        ),
        ("access/prompts requests_may_be_shown_only_while_the_window_is_open",),
    ),
    "accept: who asks, profile, rights for this session only, 60 s": Shown(
        (
            "session/coming_in a_request_waits_for_the_person_and_opens_what_was_chosen",
            "cli/dialog_command a_request_is_accepted_by_mouse_and_its_session_ended",
            "cli/dialog_command profile_and_rights_are_chosen_by_keys_for_this_session_only",
            "cli/dialog_command rights_are_withdrawn_and_given_back_by_keys_during_the_session",
            "dialog/dialog_panel who_is_not_verified_is_shown_by_the_whole_fingerprint",
            "dialog/dialog_panel a_proved_name_is_shown_as_proved_and_by_whom",
        ),
        (
            "session/coming_in a_request_that_nobody_answers_is_refused_after_a_minute",
            "session/coming_in a_profile_that_is_not_offered_is_not_given_and_the_request_still_waits",
            "cli/dialog_command a_request_is_rejected",
        ),
        (
            "session/coming_in what_was_switched_off_for_a_session_is_not_written_back",
            "access/rules_sessions a_session_that_a_person_accepted_goes_on_without_unattended_access",
            "cli/dialog_command the_dialog_ends_with_a_host_that_is_killed",
        ),
    ),
    "access list: patterns, decided on the proved identity": Shown(
        (
            "access/acl an_alias_matches_as_a_whole_or_not_at_all",
            "session/coming_in the_access_list_goes_by_the_proved_alias",
        ),
        ("access/acl an_empty_list_lets_nobody_ask", "access/rules the_access_list_decides_before_anything_else"),
        ("access/acl everybody_may_ask_while_the_list_is_off", "access/acl an_entry_is_added_switched_and_removed"),
    ),
    "namespace: issued, renewed, revoked, trusted for its name": Shown(
        (
            "access/namespaces an_issued_certificate_proves_its_alias_for_its_key",
            "cli/namespace_command an_alias_goes_from_the_namespace_to_the_client_to_the_host",
        ),
        (
            "access/namespaces a_certificate_that_is_valid_for_more_than_a_week_is_refused",
            "access/namespaces an_authority_that_is_trusted_for_one_name_certifies_no_other",
            "session/coming_in a_revoked_alias_ends_the_session",
            "session/coming_in an_expired_alias_ends_the_session",
            "cli/sessions_command a_revoked_alias_and_a_disabled_profile_end_their_sessions_at_once",
            "client/names a_leaver_is_sent_away_though_nobody_tells_the_host",
        ),
        (
            "access/trust an_alias_of_a_trusted_namespace_is_believed_also_after_a_restart",
            "access/trust lists_are_numbered_also_after_a_restart",
        ),
    ),
    "unattended password: strong, sealed, selects its profile": Shown(
        (
            "access/passwords the_password_that_matches_selects_the_profile",
            "cli/access a_password_is_set_from_standard_input_for_a_profile",
        ),
        (
            "access/passwords a_password_that_will_not_do_is_refused_with_the_reason",
            "access/passwords names_that_a_guesser_would_know_make_a_password_weak",
            "cli/access a_password_is_never_an_argument",
        ),
        (
            "access/passwords a_cleared_password_opens_nothing_any_more",
            "access/passwords the_preset_nist_asks_for_15_characters_where_there_is_no_code",
        ),
    ),
    "standard permissions": Shown(
        ("access/profiles a_profile_that_says_nothing_uses_the_standard_permissions",),
        ("access/profiles the_standard_permissions_themselves_cannot_be_standard",),
        ("access/profiles a_profile_overrides_single_rights_until_it_says_standard",),
    ),
    "profiles: built in, custom, disabled": Shown(
        ("access/profiles the_profiles_that_every_host_has", "cli/access profiles_are_made_changed_and_deleted"),
        (
            "access/rules a_disabled_profile_s_password_is_dead",
            "dialog/dialog_model a_profile_that_is_disabled_meanwhile_is_offered_no_more",
        ),
        (
            "access/profiles a_disabled_profile_is_not_offered",
            "access/rules_sessions a_profile_s_rights_and_offer_follow_the_settings",
        ),
    ),
    "effective right: profile AND host AND viewer": Shown(
        (
            "session/coming_in a_viewer_does_without_rights_and_takes_them_back",
            "client/ways_in a_viewer_sees_which_rights_are_granted_denied_or_unavailable",
        ),
        (
            "session/coming_in a_viewer_cannot_take_back_what_the_host_withdrew",
            "session/rights_on_the_wire what_a_viewer_sends_counts_only_with_the_right",
            "session/input_and_rights control_withdrawn_acts_on_what_is_already_on_its_way",
            "net/withdrawn_view no_picture_is_sent_once_the_right_to_see_is_withdrawn",
        ),
        ("access/rules_sessions a_resumed_session_has_the_old_rights_and_today_s",),
    ),
    "2FA: TOTP, each step once, recovery codes": Shown(
        (
            "access/totp a_code_is_right_one_step_early_and_one_late",
            "cli/access codes_are_enrolled_confirmed_and_switched_off",
        ),
        (
            "access/totp codes_are_off_until_a_right_one_is_confirmed",
            "access/totp a_code_of_another_time_gets_a_hint",
            "access/totp of_the_same_code_twice_at_once_exactly_one_passes",
        ),
        (
            "access/totp a_code_is_accepted_once_also_after_a_restart_and_when_the_clock_goes_back",
            "access/totp each_recovery_code_opens_once",
        ),
    ),
    "2FA asked: after which ways in": Shown(
        ("session/coming_in a_request_is_let_in_without_a_code_and_while_unattended_access_is_off",),
        (
            "access/rules_codes a_code_is_asked_for_after_every_password_right_or_wrong_or_throttled",
            "access/rules_codes a_code_is_asked_for_after_tokens_and_resume_secrets_only_if_that_is_set",
        ),
        ("access/totp after_what_else_a_code_is_asked_for_is_kept",),
    ),
    "token: asked for, allowed, bound to its key": Shown(
        (
            "access/rules_sessions a_token_is_issued_only_if_asked_for_allowed_and_after_a_password",
            "client/ways_in a_remembered_login_needs_no_password",
        ),
        ("access/tokens what_is_no_token_is_wrong", "client/ways_in a_login_is_not_remembered_unasked"),
        ("access/tokens a_token_works_again_and_again_for_its_key_alone",),
    ),
    "saving switched off: no new tokens, the old ones work": Shown(
        ("access/tokens saving_switched_off_issues_none_and_old_ones_work",),
        ("session/coming_in a_token_is_given_only_where_it_is_asked_for_and_allowed",),
        ("access/tokens saving_switched_off_issues_none_and_old_ones_work",),
    ),
    "clear all tokens; password set, even to the same one": Shown(
        ("access/rules_sessions a_refused_password_leaves_tokens_as_they_are",),
        (
            "access/rules_sessions every_token_and_resume_secret_is_void_after",
            "client/ways_in a_dead_token_gives_way_to_the_password_and_is_forgotten",
        ),
        ("access/rules_sessions every_token_and_resume_secret_is_void_after",),
    ),
    "short-term password: once, ten minutes, bound": Shown(
        ("access/resume a_secret_is_good_once", "client/ways_in a_session_that_was_cut_off_goes_on"),
        (
            "access/resume a_secret_is_bound_to_the_client_s_key_and_a_thief_does_not_use_it_up",
            "access/resume a_secret_is_good_for_ten_minutes_by_a_clock_that_may_be_set_back",
        ),
        (
            "access/resume a_secret_survives_a_restart",
            "client/ways_in a_session_goes_on_with_the_host_that_was_started_anew",
        ),
    ),
    "how we are connected, on both ends": Shown(
        (
            "client/ways_in both_ends_tell_the_same_of_the_connection",
            "viewer/viewer_connection programs_get_all_of_it",
            "viewer/viewer_connection people_get_all_of_it_too",
        ),
        ("viewer/viewer_connection who_is_known_by_the_key_alone_and_relayed_is_told_so",),
        ("client/ways_in a_session_goes_on_with_the_host_that_was_started_anew",),
    ),
    "the host's settings are locked inside a session that controls": Shown(
        (
            "cli/access the_admin_secret_opens_the_settings",
            "net/control_socket the_admin_secret_gives_more",
            "net/control_socket what_takes_away_never_asks_for_a_secret",
        ),
        (
            "cli/access every_command_that_changes_something_asks",
            "cli/sessions_command settings_are_locked_while_a_session_controls",
            "net/control_socket a_viewer_that_controls_gives_nobody_more",
            "cli/sessions_command a_viewer_that_controls_lets_nobody_in_without_the_admin_secret",
            "cli/dialog_command a_viewer_that_controls_cannot_click_accept_but_the_secret_opens",
        ),
        (
            "access/admin the_right_secret_passes_and_another_does_not",
            "access/admin wrong_tries_are_counted_over_a_restart",
        ),
    ),
    "throttling": Shown(
        (
            "access/throttle a_client_that_came_in_once_has_tries_of_its_own",
            "access/throttle a_local_reset_gives_everybody_all_tries_back",
        ),
        ("access/throttle strangers_have_20_tries_all_together", "access/throttle a_day_of_attack_by_10_000_addresses"),
        ("access/throttle tries_are_counted_over_a_restart", "access/throttle a_try_is_on_disk_before_it_is_looked_at"),
    ),
    "one prompt open, three for each key in ten minutes": Shown(
        ("access/prompts throttling_does_not_touch_requests",),
        (
            "access/prompts one_request_is_shown_at_a_time",
            "access/prompts a_clock_that_is_set_back_does_not_close_the_door_for_long",
        ),
        ("access/prompts a_key_may_ask_three_times_in_ten_minutes_also_over_a_restart",),
    ),
    "indistinguishable to the peer": Shown(
        ("session/handshake methods_are_the_same_bytes_whether_access_is_on_or_off",),
        ("session/handshake wrong_password_off_and_no_password_are_the_same_bytes",),
        ("access/rules the_offer_is_the_same_whatever_is_set",),
    ),
    "audit: chained, countersigned, true reasons": Shown(
        (
            "access/audit what_happened_is_written_in_order",
            "access/rules_audit the_audit_tells_the_true_reason_of_every_decision",
        ),
        (
            "access/audit_check every_change_of_one_byte_is_found",
            "access/audit_check every_removed_entry_is_found",
            "access/audit_loss a_head_of_the_lost_log_that_a_peer_holds_stays_a_fault",
        ),
        (
            "access/audit a_restart_goes_on_where_the_log_ended",
            "access/audit_loss a_loss_stays_a_fault_until_it_is_accepted_and_is_told_from_then_on",
        ),
    ),
    "policy as code": Shown(
        ("access/policy the_line_that_decides_is_told", "access/policy_store the_rules_decide_as_the_policy_explains"),
        (
            "access/policy_store a_denial_of_a_right_is_final_in_every_profile",
            "access/policy what_is_no_policy_is_refused_with_its_line",
        ),
        ("access/policy_store a_policy_is_in_the_store_s_own_tables_and_stays_after_a_restart",),
    ),
}


@cache
def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_shown_allowed_refused_and_after_a_restart(rule):
    shown = RULES[rule]
    for each in (name for names in shown for name in names):
        where, test = each.split(" ")
        folder, _, stem = where.partition("/")
        assert f"test_{test}" in names_in(TESTS / folder / f"test_{stem}.py"), each
    assert all(shown)
    assert len({name for names in shown for name in names}) >= 3 or rule.startswith(("saving", "clear"))
