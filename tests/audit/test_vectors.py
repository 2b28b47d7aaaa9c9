"""The 22 test vectors that this room was specified with: each is some named test, and that test exists."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

VECTORS = {
    1: ("audit/test_examination.py", "test_exact_copies_are_found_with_their_patients"),
    2: ("audit/test_examination.py", "test_every_kind_is_found_where_patients_are_unlike"),
    3: ("audit/test_examination.py", "test_p_values_of_new_patients_are_uniform"),
    4: ("audit/test_examination.py", "test_one_copy_moves_neither_the_index_nor_the_three_sample_test"),
    5: ("audit/test_examination.py", "test_images_without_content_are_not_flagged"),
    6: ("audit/test_examination.py", "test_the_ledger_confirms_what_the_scores_name"),
    7: ("audit/test_examination.py", "test_a_patient_under_strong_texture_is_found"),
    8: ("audit/test_membership.py", "test_noise_with_random_labels_reveals_nobody_in_nearly_all_seeds"),
    9: ("audit/test_membership.py", "test_few_exposed_patients_vanish_in_the_average_and_stand_in_their_own_row"),
    10: ("audit/test_examination.py", "test_a_patient_on_both_sides_stops_it"),
    11: ("audit/test_examination.py", "test_two_scanners_fail_the_blind_baseline"),
    12: ("audit/test_closeness.py", "test_an_innocent_set_scores_one_half_whatever_the_sizes"),
    13: ("audit/test_closeness.py", "test_an_image_on_both_sides_counts_one_half_whatever_the_order"),
    14: ("audit/test_nearest.py", "test_the_pruned_search_is_the_search_through_all_pairs"),
    15: ("audit/test_nearest.py", "test_the_size_of_blocks_changes_nothing"),
    16: ("audit/test_membership.py", "test_a_bundle_of_real_images_is_found"),
    17: ("audit/test_statistics.py", "test_the_epsilon_that_guesses_refute"),
    18: ("bundle/test_content_scan.py", "test_each_plant_is_found"),
    19: ("bundle/test_canaries.py", "test_the_same_pixels_under_other_names_give_the_same_bytes"),
    20: ("audit/test_mutants.py", "test_the_check_fails_on_a_broken_audit"),
    21: ("audit/test_words.py", "test_no_forbidden_word_in_a_string"),
    22: ("bundle/test_verifier.py", "test_single_flipped_bits_are_all_found"),
}  # fmt: skip


def names(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


ALSO = [
    ("audit/test_recovery.py", "test_a_shuffled_ledger_recovers_nothing"),  # 20, the ledger
    (
        "bundle/test_content_scan.py",
        "test_the_control_notices_a_scanner_that_lost_a_wrapping",
    ),  # 20, zTXt
    (
        "bundle/test_signing.py",
        "test_a_signature_of_another_bundle_is_refused",
    ),  # 22, the signature
    ("audit/test_examination.py", "test_class_means_are_not_flagged"),  # 5
    ("core/test_distilled.py", "test_parts_that_do_not_fit_are_refused"),  # 5, NaN
    ("audit/test_recovery.py", "test_images_left_as_they_started_are_all_recovered"),  # 6
    ("audit/test_statistics.py", "test_chance_of_flags_is_the_closed_form"),  # 17
    ("core/test_gaussian_mechanism.py", "test_sigma_is_the_published_one"),  # 17
    ("bundle/test_content_scan.py", "test_a_hash_of_a_token_is_not_found"),  # 18, known miss
    ("audit/test_nearest.py", "test_the_order_of_rows_does_not_matter"),  # 13
]


def test_there_are_22():
    assert list(VECTORS) == list(range(1, 23))


@pytest.mark.parametrize(("file", "name"), [*VECTORS.values(), *ALSO])
def test_each_vector_is_a_test_that_exists(file, name):
    assert name in names(TESTS / file)
