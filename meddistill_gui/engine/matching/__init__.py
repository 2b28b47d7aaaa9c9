"""The machines that methods are put together from: matching segments, matching features, descending, warming up."""
