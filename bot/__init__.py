"""The bot that staffs a food brand's WeChat member groups."""
