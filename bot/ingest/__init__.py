"""What shops and platforms know, read from files: orders, views, members, costs; each thing once."""
