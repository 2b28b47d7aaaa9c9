"""Turn a medical image collection into a few synthetic images that train a model almost as well."""
