"""Dialogs about classes and patients: where they come from, with a look before anything is changed."""
