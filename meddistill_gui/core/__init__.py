"""What every room shares: configs, events, errors, folders on disk, words. No torch, no pydicom, no Qt."""
